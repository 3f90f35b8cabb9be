"""Monitoring: metrics, health, and notifications when a night ends or needs help."""
