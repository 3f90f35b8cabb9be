"""Every command, in the order of the help text, and where its function is."""

from collections.abc import Mapping
from typing import NamedTuple


class Group(NamedTuple):
    """Commands under one name; each is `module:function` of `cli`, or another group."""

    about: str
    commands: Mapping[str, "str | Group"]


NIGHTREEL = Group(
    "Find when persons of interest may appear in recorded video. "
    "A result is a candidate for human review, never more.",
    {
        "demo": "demonstration:demo",
        "up": "stack:up",
        "process": "process:process",
        "ingest": "footage:ingest",
        "import": "imports:import_",
        "watch": "watch:watch",
        "refused": "watch:refused",
        "enrol": "people:enrol",
        "withdraw": "people:withdraw",
        "changes": "changes:changes",
        "candidates": "results:candidates",
        "search": "search:search",
        "calibrate": "calibration:calibrate",
        "calibrations": "calibration:calibrations",
        "report": "report:report",
        "export": "exports:export",
        "purge": "purge:purge",
        "backup": "backup:backup",
        "restore": "backup:restore_",
        "verify": "verify:verify",
        "status": "status:status",
        "notify": "notify:notify",
        "doctor": "doctor:doctor",
        "settings": "settings:settings",
        "service": "service:service",
        "bench": "benchmarks:bench",
        "case": Group(
            "Cases: legal basis and scope of searches.",
            {
                "open": "cases:open_case",
                "list": "cases:list_cases",
                "show": "cases:show",
                "authorise": "cases:authorise",
                "change": "cases:change",
                "close": "cases:close",
                "bases": "cases:bases",
            },
        ),
        "groups": Group(
            "Groups of unknown faces in a case.",
            {
                "make": "groups:make",
                "list": "groups:list_groups",
                "show": "groups:show",
                "merge": "groups:merge",
                "split": "groups:split",
                "promote": "groups:promote",
            },
        ),
        "account": Group(
            "User accounts and their roles.",
            {
                "add": "accounts:add",
                "list": "accounts:list_accounts",
                "roles": "accounts:set_roles",
                "password": "accounts:reset_password",
                "disable": "accounts:disable",
                "enable": "accounts:enable",
            },
        ),
        "token": Group(
            "API tokens.",
            {
                "add": "tokens:add",
                "list": "tokens:list_tokens",
                "revoke": "tokens:revoke",
            },
        ),
        "audit": Group(
            "The audit log.",
            {
                "verify": "audit:verify",
                "checkpoint": "audit:checkpoint",
                "export": "audit:export",
                "list": "audit:list_entries",
                "searches": "audit:searches",
            },
        ),
        "jobs": Group(
            "Processing jobs and their segments.",
            {
                "list": "jobs:list_jobs",
                "show": "jobs:show_job",
                "pause": "control:pause",
                "resume": "control:resume",
                "priority": "control:set_priority",
                "cancel": "control:cancel",
                "retry": "control:retry",
                "quarantined": "control:quarantined",
            },
        ),
        "models": Group(
            "Engines and their weights.",
            {
                "list": "models:list_models",
                "pull": "models:pull",
                "index": "models:index",
                "migrate": "migration:migrate",
                "omitted": "migration:omitted",
                "compare": "migration:compare",
                "use": "migration:use",
                "threshold": "thresholds:threshold",
            },
        ),
    },
)
