"""Jobs, their events and steps, keys, kept promises, webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WORDS = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _jobs()
    _events()
    _steps()
    _keys()
    _promises()
    _hooks()


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, WORDS, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _of_job(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["job"], ["jobs.id"], name=f"fk_{table}_job")


def _jobs() -> None:
    op.create_table(
        "jobs",
        *_words("id", "owner", "problem", "model", "status", "reason", "webhook"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        *_numbers("version", "revision", "turns", "prompt_tokens", "completion_tokens", "executions"),
        *_numbers("best", "tests_passed", "tests_total"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_owner_id", "jobs", ["owner", "id"])
    op.create_index("ix_jobs_status_id", "jobs", ["status", "id"])
    op.create_index("ix_jobs_status_owner_id", "jobs", ["status", "owner", "id"])
    op.create_index("ix_jobs_problem_id", "jobs", ["problem", "id"])


def _events() -> None:
    op.create_table(
        "events",
        *_words("job"),
        *_numbers("seq"),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("job", "seq", name="pk_events"),
        _of_job("events"),
    )


def _steps() -> None:
    op.create_table(
        "steps",
        *_words("job", "step"),
        *_numbers("fence", "deliveries", "beat"),
        sa.Column("holder", WORDS),
        sa.Column("done", sa.Boolean, nullable=False, server_default=sa.false()),
        *_words("error"),
        sa.PrimaryKeyConstraint("job", "step", name="pk_steps"),
        _of_job("steps"),
    )
    held = sa.text("holder IS NOT NULL")
    op.create_index("ix_steps_held", "steps", ["job"], sqlite_where=held, postgresql_where=held)


def _keys() -> None:
    op.create_table(
        "keys",
        *_words("id", "name", "digest", "scopes"),
        *_numbers("rate_per_minute", "concurrent_jobs"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.UniqueConstraint("digest", name="uq_keys_digest"),
    )


def _promises() -> None:
    op.create_table(
        "promises",
        *_words("owner", "key", "fingerprint"),
        sa.Column("jobs", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_promises"),
    )
    op.create_index("ix_promises_created_at", "promises", ["created_at"])


def _hooks() -> None:
    op.create_table(
        "hooks",
        *_words("job", "url"),
        *_numbers("attempts"),
        sa.Column("due_at", MOMENT, nullable=False),
        *_words("error"),
        sa.PrimaryKeyConstraint("job", name="pk_hooks"),
        _of_job("hooks"),
    )
    op.create_index("ix_hooks_due_at", "hooks", ["due_at"])
