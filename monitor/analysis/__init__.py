"""Frames to frames: statuses, spells, shares and counts, without files, clock or drawing."""
