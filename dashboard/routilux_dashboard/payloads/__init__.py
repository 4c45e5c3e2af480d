"""Payloads: any value of a program becomes safe, bounded JSON, without running any of its code."""
