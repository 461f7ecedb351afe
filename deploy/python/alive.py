"""A worker's health check: exit status 0 if somebody serves the queue named on the command line, as its workers tell.

Imports nothing of the project, because it runs every few seconds.
"""

import os
import sys

import redis

with redis.Redis.from_url(os.environ["SELFDEBUG_REDIS_URL"], socket_timeout=5, socket_connect_timeout=5) as client:
    sys.exit(0 if client.exists(f"selfdebug:alive:{sys.argv[1]}") else 1)
