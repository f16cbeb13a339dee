"""Servers, clocks and factories that the tests of every room share."""
