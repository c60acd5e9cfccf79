"""Tests of the documents: what they say is compared with what is declared."""
