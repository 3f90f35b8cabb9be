"""Persons of interest: enrolment, search, calibration."""
