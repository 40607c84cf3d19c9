"""The version, written once: the package shows it and the build reads it from here."""

__version__ = "0.1.0"
