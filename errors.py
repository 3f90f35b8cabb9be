"""Every error Nightreel raises on purpose.

    NightreelError
    ├── Permanent                 repeating changes nothing
    │   ├── UnreadableFootage     the file cannot be understood as video
    │   ├── RefusedFootage        the file is understood, and is not looked at
    │   ├── FootageChanged        the file is not the one that was added
    │   ├── UnusablePhoto         no single clear face in a reference photo
    │   ├── ModelUnavailable      an engine's name or weights cannot be used
    │   ├── WrongUsage            the request makes no sense as asked
    │   │   └── KeyMissing        a key file is gone, and something was sealed or signed with it
    │   ├── NotAuthorised         no case in force allows it
    │   │   ├── NotAllowed        an account without the role for it
    │   │   └── Locked            it is allowed once an authorisation is entered
    │   ├── Settled               a verdict that cannot be given or taken back any more
    │   ├── Purged                what is asked for is not kept any more
    │   ├── Altered               a package or backup that is not as it was
    │   ├── NotLoggedIn           nobody knows yet who asks
    │   ├── NotFound              what was asked for is not there
    │   ├── Conflict              it is in another state than the request takes for granted
    │   ├── TooLarge              more bytes than are taken
    │   ├── WrongDatabase         the database is of another version
    │   └── StackTrouble          the embedded services cannot be run here
    └── Transient                 the same step may succeed later
        ├── FootageVanished       the file is not where it was
        ├── DecoderFailed         ffmpeg died or ran out of time on one segment
        ├── LeaseLost             another worker has taken the segment over
        ├── OtherWeights          this machine's weights are not the archive's
        ├── StoreUnavailable      the database or the disk does not take writes
        │   └── PictureLost       the store answers, and this picture is gone or damaged
        │   └── DiskFull          the disk has no room left
        ├── Busy                  somebody else is at it at this moment
        ├── TooManyTries          asked too often in too short a time
        ├── BrokerUnavailable     Redis or RabbitMQ does not answer
        └── NotDelivered          a notice did not reach whoever is to be told

Each message is one sentence that says what is wrong and what to do; no pixels, no vectors.
"""


class NightreelError(Exception):
    """Something Nightreel can explain in one sentence."""

    exit_code = 1


class Permanent(NightreelError):
    """Repeating the step changes nothing."""


class Transient(NightreelError):
    """The same step may succeed later."""


class UnreadableFootage(Permanent):
    """The file cannot be understood as video."""


class RefusedFootage(Permanent):
    """The file is understood, but its kind or size is not looked at."""


class FootageChanged(Permanent):
    """The file at the recorded path is not the one that was added."""


class UnusablePhoto(Permanent):
    """A reference photo does not show exactly one clear face."""


class ModelUnavailable(Permanent):
    """An engine's name is unknown or its weights are missing or altered."""


class WrongUsage(Permanent):
    """The request makes no sense as it was asked."""

    exit_code = 2


class KeyMissing(WrongUsage):
    """A key file is not there, and the archive holds what was sealed or signed with that key."""


class NotAuthorised(Permanent):
    """No case in force allows what was asked."""

    exit_code = 4


class Locked(NotAuthorised):
    """The case's results are locked until the authorisation it needs is entered."""


class Settled(Permanent):
    """A verdict that this person cannot give, or cannot take back any more."""

    exit_code = 4


class Purged(Permanent):
    """What is asked for is not kept any more."""


class Altered(Permanent):
    """A package of results, or a backup, is not as it was made."""


class NotAllowed(NotAuthorised):
    """The account that asks has no role that allows it."""


class NotLoggedIn(Permanent):
    """Nobody knows yet who asks, or not any more."""

    exit_code = 4


class NotFound(Permanent):
    """What was asked for is not there."""


class Conflict(Permanent):
    """Something is in another state than the request takes for granted."""


class TooLarge(Permanent):
    """More bytes than are taken."""


class WrongDatabase(Permanent):
    """The database is of a version this program does not know."""


class StackTrouble(Permanent):
    """The embedded services cannot be run here."""


class FootageVanished(Transient):
    """The footage is not where it was when it was added."""


class DecoderFailed(Transient):
    """ffmpeg died or ran out of time on one segment."""


class LeaseLost(Transient):
    """Another worker has taken the segment over; this one's work is dropped."""


class OtherWeights(Transient):
    """An engine's weights here are not those that the archive's vectors were made with."""


class StoreUnavailable(Transient):
    """The database or the disk does not take writes at the moment."""


class DiskFull(StoreUnavailable):
    """The disk has no room left."""


class Busy(Transient):
    """Somebody else is at it at this moment."""


class TooManyTries(Transient):
    """Asked too often in too short a time."""


class PictureLost(StoreUnavailable):
    """The picture store answers, and this picture is not there, erased or damaged."""


class BrokerUnavailable(Transient):
    """Redis or RabbitMQ does not answer."""


class NotDelivered(Transient):
    """A notice did not reach the command or the web address that is to be told."""
