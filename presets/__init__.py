"""Looks that ship."""
