"""Stores: bytes under a key, a lifetime, a lock, a sweep.

Sessions, caches and the counts of nonces share them. They know nothing of requests.
"""
