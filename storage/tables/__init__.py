"""The tables. Every natural key is a unique constraint, so that writing twice equals writing once.

Times in footage are integer milliseconds from the start of the recording; other times are aware
UTC. Vectors and crop names stay out of every `repr`.
"""

from storage.tables.accounts import Account, ApiToken, WebSession
from storage.tables.appearances import (
    Appearance,
    Embedding,
    EmbeddingChange,
    EngineChoice,
    Model,
    Omission,
    PresenceColumns,
    Sighting,
    ThresholdChoice,
)
from storage.tables.audit import AuditCheckpoint, AuditEntry
from storage.tables.base import Table
from storage.tables.calibrations import Calibration
from storage.tables.candidates import Candidate, CandidateChange, Cause, Rematch
from storage.tables.cases import Case, CaseRecording, Category, DataKey, Person, Reference
from storage.tables.comparisons import AnalysisComparison, PersonComparison
from storage.tables.groups import FaceGroup, GroupMember, GroupRule
from storage.tables.intake import Refusal, Upload
from storage.tables.recordings import (
    DEFAULT_SITE,
    Analysis,
    Capture,
    Fingerprint,
    Overlap,
    Plan,
    Priority,
    Recording,
    Segment,
    State,
)
from storage.tables.verdicts import Decision, Decoy, QualityOverride, Verdict
from storage.tables.watching import Canary, Monitoring, Notice, Worker

__all__ = [
    "DEFAULT_SITE",
    "Account",
    "Analysis",
    "AnalysisComparison",
    "ApiToken",
    "Appearance",
    "AuditCheckpoint",
    "AuditEntry",
    "Calibration",
    "Canary",
    "Candidate",
    "CandidateChange",
    "Capture",
    "Case",
    "CaseRecording",
    "Category",
    "Cause",
    "DataKey",
    "Decision",
    "Decoy",
    "Embedding",
    "EmbeddingChange",
    "EngineChoice",
    "FaceGroup",
    "Fingerprint",
    "GroupMember",
    "GroupRule",
    "Model",
    "Monitoring",
    "Notice",
    "Omission",
    "Overlap",
    "Person",
    "PersonComparison",
    "Plan",
    "PresenceColumns",
    "Priority",
    "QualityOverride",
    "Recording",
    "Reference",
    "Refusal",
    "Rematch",
    "Segment",
    "Sighting",
    "State",
    "Table",
    "ThresholdChoice",
    "Upload",
    "Verdict",
    "WebSession",
    "Worker",
]
