"""The tables, for the queries that are put together at run time. The migrations make them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("request_id", Uuid, nullable=False),
    Column("payload_hash", LargeBinary, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("submission_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("skill", Text, nullable=False),
    Column("writing_task", SmallInteger),
    Column("speaking_part", SmallInteger),
    Column("state", Text, nullable=False),
    Column("progress", Float, nullable=False),
    Column("run", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("lease_expires_at", DateTime(timezone=True)),
    Column("next_run_at", DateTime(timezone=True)),
    Column("accepted_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("deadline_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("error_reason", Text),
    Column("error_message", Text),
    Column("feed_key", Text, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("retry_of", Uuid),
    Column("delayed", Boolean, nullable=False),
    Column("review_priority", Text),
    Column("review_reasons", ARRAY(Text), nullable=False),
    Column("traceparent", Text),
    Column("labels", JSONB, nullable=False),
    Column(
        "phase",
        Text,
        Computed(
            "CASE WHEN state IN ('processing', 'analyzing', 'grading') "
            "THEN 'running' ELSE state END",
            persisted=True,
        ),
        nullable=False,
    ),
)
