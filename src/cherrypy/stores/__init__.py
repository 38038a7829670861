"""Stores: bytes under a key, a lifetime, a lock, a sweep.

Sessions, caches and rate limits share them. They know nothing of requests.
"""
