"""The tests, in the order of the source. A package, so that what several share can be imported: tests.parity."""
