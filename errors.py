"""Every error Nightreel raises on purpose, with its exit code and its HTTP status.

    NightreelError
    ├── Permanent                 repeating changes nothing
    │   ├── UnreadableFootage     the file cannot be understood as video
    │   ├── RefusedFootage        the file is understood, but is not processed
    │   ├── FootageChanged        the file is not the one that was added
    │   ├── UnusablePhoto         a reference photo without exactly one clear face
    │   ├── ModelUnavailable      an engine's name or weights cannot be used
    │   ├── WrongUsage            the request makes no sense
    │   │   └── KeyMissing        a key file is missing, and something was sealed or signed with it
    │   ├── NotAuthorised         no case in force allows it
    │   │   ├── NotAllowed        the account has no role for it
    │   │   └── Locked            it is allowed once an authorisation is entered
    │   ├── Settled               the verdict can no longer be given or withdrawn
    │   ├── Purged                what was asked for has been purged
    │   ├── PictureLost           the picture is missing, purged or damaged
    │   ├── Altered               a package or backup is not as it was made
    │   ├── NotLoggedIn           the request comes without a valid login
    │   ├── NotFound              what was asked for does not exist
    │   ├── Conflict              the state of its subject does not allow the request
    │   ├── TooLarge              more bytes than are accepted
    │   ├── WrongDatabase         the database has another version
    │   └── StackTrouble          the embedded services cannot run here
    └── Transient                 the same step may succeed later
        ├── FootageVanished       the file is not where it was
        ├── DecoderFailed         ffmpeg died or ran out of time on one segment
        ├── LeaseLost             another worker has taken the segment over
        ├── OtherWeights          this machine's weights are not the archive's
        ├── StoreUnavailable      the database or the disk does not accept writes
        │   └── DiskFull          the disk is full
        ├── Busy                  another request or process is using it
        ├── TooManyTries          too many requests in too short a time
        ├── BrokerUnavailable     Redis or RabbitMQ does not answer
        └── NotDelivered          a notification did not reach its target

Each message is one sentence that says what is wrong and what to do; no pixels, no vectors.
"""

from http import HTTPStatus


class NightreelError(Exception):
    """A failure that Nightreel can explain in one sentence."""

    exit_code = 1
    """Exit code of a command that ends with this error."""
    http_status = HTTPStatus.INTERNAL_SERVER_ERROR
    """Status of the response to a request that ends with this error; each class below has one."""


class Permanent(NightreelError):
    """Repeating the step changes nothing."""


class Transient(NightreelError):
    """The same step may succeed later."""


class UnreadableFootage(Permanent):
    """The file cannot be understood as video."""

    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class RefusedFootage(Permanent):
    """The file is understood, but files of its kind or size are not processed."""

    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class FootageChanged(Permanent):
    """The file at the recorded path is not the one that was added."""

    http_status = HTTPStatus.CONFLICT


class UnusablePhoto(Permanent):
    """A reference photo does not show exactly one clear face."""

    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class ModelUnavailable(Permanent):
    """An engine's name is unknown, or its weights are missing or altered."""

    http_status = HTTPStatus.INTERNAL_SERVER_ERROR


class WrongUsage(Permanent):
    """The request makes no sense."""

    exit_code = 2
    http_status = HTTPStatus.BAD_REQUEST


class KeyMissing(WrongUsage):
    """A key file is missing, and the archive holds data that was sealed or signed with the key."""


class NotAuthorised(Permanent):
    """No case in force allows what was asked."""

    exit_code = 4
    http_status = HTTPStatus.FORBIDDEN


class NotAllowed(NotAuthorised):
    """The account has no role that allows it."""

    http_status = HTTPStatus.FORBIDDEN


class Locked(NotAuthorised):
    """The case's results are locked until the authorisation it needs is entered."""

    http_status = HTTPStatus.LOCKED


class Settled(Permanent):
    """A verdict that this person cannot give, or can no longer withdraw."""

    exit_code = 4
    http_status = HTTPStatus.CONFLICT


class Purged(Permanent):
    """What was asked for, or what a step was working on, has been purged."""

    http_status = HTTPStatus.GONE


class PictureLost(Permanent):
    """The picture store responds, but this picture is missing, purged or damaged."""

    http_status = HTTPStatus.GONE


class Altered(Permanent):
    """A package of results, or a backup, is not as it was made."""

    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class NotLoggedIn(Permanent):
    """The request comes without a login, or with one that is no longer valid."""

    exit_code = 4
    http_status = HTTPStatus.UNAUTHORIZED


class NotFound(Permanent):
    """What was asked for does not exist."""

    http_status = HTTPStatus.NOT_FOUND


class Conflict(Permanent):
    """The state of its subject does not allow the request."""

    http_status = HTTPStatus.CONFLICT


class TooLarge(Permanent):
    """More bytes than are accepted."""

    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class WrongDatabase(Permanent):
    """The database has a version that this program does not know."""

    http_status = HTTPStatus.INTERNAL_SERVER_ERROR


class StackTrouble(Permanent):
    """The embedded services cannot run here."""

    http_status = HTTPStatus.INTERNAL_SERVER_ERROR


class FootageVanished(Transient):
    """The footage is not where it was when it was added."""

    http_status = HTTPStatus.NOT_FOUND


class DecoderFailed(Transient):
    """ffmpeg died or ran out of time on one segment."""

    http_status = HTTPStatus.SERVICE_UNAVAILABLE


class LeaseLost(Transient):
    """Another worker has taken the segment over; this worker's results are dropped."""

    http_status = HTTPStatus.CONFLICT


class OtherWeights(Transient):
    """An engine's weights on this machine are not those that made the archive's vectors."""

    http_status = HTTPStatus.SERVICE_UNAVAILABLE


class StoreUnavailable(Transient):
    """The database or the disk does not accept writes at the moment."""

    http_status = HTTPStatus.SERVICE_UNAVAILABLE


class DiskFull(StoreUnavailable):
    """The disk is full."""

    http_status = HTTPStatus.INSUFFICIENT_STORAGE


class Busy(Transient):
    """Another request or process is using it at the moment."""

    http_status = HTTPStatus.LOCKED


class TooManyTries(Transient):
    """Too many requests in too short a time."""

    http_status = HTTPStatus.TOO_MANY_REQUESTS


class BrokerUnavailable(Transient):
    """Redis or RabbitMQ does not answer."""

    http_status = HTTPStatus.SERVICE_UNAVAILABLE


class NotDelivered(Transient):
    """A notification did not reach its command or web address."""

    http_status = HTTPStatus.BAD_GATEWAY
