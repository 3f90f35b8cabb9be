"""The organisation's list of legal bases for a search, and how long a case may be valid."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from errors import WrongUsage


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A legal basis for a search."""

    code: str
    sentence: str
    needs_authorisation: bool = False
    """Whether an outside authority must authorise each search, beforehand or within 48 hours."""


def _list(*bases: LegalBasis) -> Mapping[str, LegalBasis]:
    return MappingProxyType({basis.code: basis for basis in bases})


SELF_DECLARED = "self-declared"
"""The legal basis of a case that a command opens by itself."""
DEMONSTRATION = "demonstration"
BUILT_IN = _list(
    LegalBasis("missing-person", "To find a missing person, or one in danger."),
    LegalBasis("victim-search", "To find or to protect a victim of an offence."),
    LegalBasis("witness-search", "To find a witness of an offence."),
    LegalBasis(
        "suspect-search",
        "A targeted search for a person suspected or convicted of an offence.",
        needs_authorisation=True,
    ),
    LegalBasis(
        "unknown-suspect",
        "To find out, from objective facts of an offence, who an unknown suspect is.",
    ),
    LegalBasis("court-order", "A court has ordered the search.", needs_authorisation=True),
    LegalBasis("consent", "The person searched for and the people shown have consented."),
    LegalBasis(SELF_DECLARED, "Stated by the user who ran the command; not checked."),
    LegalBasis(DEMONSTRATION, "Footage made to demonstrate or test the software."),
)


@dataclass(frozen=True, slots=True)
class Policy:
    """The organisation's rules for opening and changing cases."""

    bases: Mapping[str, LegalBasis] = field(default_factory=lambda: BUILT_IN)
    most_days: int = 90

    def basis(self, code: str) -> LegalBasis:
        """A legal basis of the list. Raises WrongUsage, which names the list."""
        if code not in self.bases:
            codes = ", ".join(self.bases)
            raise WrongUsage(f"{code} is not on the list of legal bases; take one of: {codes}.")
        return self.bases[code]


def parse_bases(text: str) -> Mapping[str, LegalBasis]:
    """Parse a list like `code=sentence; code!=sentence`; `!` means it needs an authorisation.

    Empty means the built-in list. Raises WrongUsage for anything else.
    """
    if not text.strip():
        return BUILT_IN
    return _list(*(_parse(part) for part in text.split(";") if part.strip()))


def _parse(part: str) -> LegalBasis:
    code, _, sentence = (piece.strip() for piece in part.partition("="))
    needs = code.endswith("!")
    code = code.removesuffix("!").strip()
    if not code.replace("-", "").isalnum() or not code.isascii() or not sentence:
        raise WrongUsage(
            "NIGHTREEL_LEGAL_BASES cannot be used: write `code=sentence; code!=sentence`, "
            "codes in letters, digits and hyphens."
        )
    return LegalBasis(code, sentence, needs)
