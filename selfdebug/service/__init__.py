"""The service: jobs over REST, their store, and the two drivers: in the server itself, or Celery workers."""
