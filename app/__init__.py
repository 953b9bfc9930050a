"""Custograph: a headless GraphQL backend for customer KPIs."""

__version__ = "0.1.0"
