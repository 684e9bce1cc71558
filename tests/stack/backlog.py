"""Databases with many jobs, made by plain SQL in the time that a few accepted ones take."""

from sqlalchemy import Connection, text

# Ids are of version 7. Some leases have lapsed and some retries are due.
_JOBS = text("""
    INSERT INTO jobs (
        id, request_id, payload_hash, user_id, submission_id, attempt, skill, writing_task,
        state, run, retries, last_sequence, lease_expires_at, next_run_at, accepted_at,
        updated_at, deadline_at, ended_at, review_priority
    )
    SELECT CAST(
               lpad(to_hex(CAST(extract(epoch FROM at) * 1000 AS bigint)), 12, '0')
               || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' || left(md5(n || state), 15)
               AS uuid
           ),
           gen_random_uuid(), decode(md5(n::text), 'hex'), 'learner-' || n % 500,
           'submission-' || state || n, 1, 'writing', 2, state,
           CASE state WHEN 'queued' THEN 0 ELSE 1 END, 0,
           CASE state WHEN 'queued' THEN 1 ELSE 2 END,
           CASE WHEN state IN ('processing', 'analyzing', 'grading') THEN now() + lease END,
           CASE state WHEN 'retrying' THEN now() + lease END,
           at, at, at + interval '20 days',
           CASE WHEN state IN ('completed', 'failed', 'cancelled') THEN at + interval '1 min' END,
           CASE state WHEN 'review_required' THEN 'high' END
    FROM (
        SELECT n, :state AS state, interval '1 s' * (n - 20) AS lease,
               now() - CAST(:newest AS interval) - n * CAST(:apart AS interval) AS at
        FROM generate_series(1, :jobs) AS n
    ) AS made
""")

_REST = text("""
    WITH event AS (
        INSERT INTO events (job_id, sequence, run, state, stage, progress, message, created_at)
        SELECT id, sequence, run, state, 'waiting', 0, 'Made.', updated_at
        FROM jobs CROSS JOIN generate_series(1, last_sequence) AS sequence
    ),
    answer AS (
        INSERT INTO answers (job_id, prompt, requirements, text)
        SELECT id, 'Write.', '[]', 'An answer.' FROM jobs
    ),
    run AS (
        INSERT INTO runs (job_id, run, worker, claimed_at, ended_at)
        SELECT id, run, 'worker', updated_at, ended_at FROM jobs WHERE run > 0
    ),
    result AS (
        INSERT INTO results (job_id, run, score, band, document, grading_duration, created_at)
        SELECT id, run, 6.5, 'b2', '{}', interval '1 s', updated_at
        FROM jobs WHERE state IN ('completed', 'review_required')
    )
    INSERT INTO outbox (job_id, queue, accepted_at, sent_at, sends)
    SELECT id, skill, accepted_at,
           CASE WHEN place <= :sent THEN now() - interval '1 h' END,
           CASE WHEN place <= :sent THEN 1 ELSE 0 END
    FROM (
        SELECT *, row_number() OVER (ORDER BY id) AS place FROM jobs WHERE state = 'queued'
    ) AS waiting
""")

# Of the newest completed jobs.
_REVIEWS = text("""
    INSERT INTO reviews (
        job_id, tenant, priority, reasons, opened_at, double_marked, machine, machine_at,
        finished_at, scored_by
    )
    SELECT id, tenant, 'high', '{}', ended_at, false, '{}', ended_at, ended_at, 'human'
    FROM jobs
    WHERE state = 'completed'
    ORDER BY id DESC
    LIMIT :reviews
""")

#: How many of the waiting jobs a broker has.
SENT = 1000
#: How many of the completed jobs were reviewed.
REVIEWS = 100
#: Jobs in each of the other states, which are older than those that wait.
OTHERS = {
    "processing": 20,
    "analyzing": 20,
    "grading": 20,
    "retrying": 300,
    "review_required": 100,
    "completed": 3000,
    "failed": 1000,
    "cancelled": 500,
}


def fill(conn: Connection, queued: int, others: dict[str, int] = OTHERS) -> None:
    """Make ``queued`` jobs that wait, and others, and let PostgreSQL look at them.

    The waiting ones came within the last minutes, the others within the month before.
    """
    # Without the triggers of the foreign keys, which take most of the time.
    conn.execute(text("SET session_replication_role = replica"))
    made = {"jobs": queued, "state": "queued", "newest": "0 s", "apart": "1 ms"}
    conn.execute(_JOBS, made)
    for state, jobs in others.items():
        made = {"jobs": jobs, "state": state, "newest": "1 h", "apart": f"{30 * 86400 // jobs} s"}
        conn.execute(_JOBS, made)
    conn.execute(_REST, {"sent": SENT})
    conn.execute(_REVIEWS, {"reviews": REVIEWS})
    conn.execute(text("RESET session_replication_role"))
    conn.execute(text("VACUUM ANALYZE"))


def clear(conn: Connection) -> None:
    """Remove all that ``fill`` made, faster than row by row."""
    # The trail of reviews, which a trigger keeps, is empty.
    conn.execute(text("SET session_replication_role = replica"))
    conn.execute(text("TRUNCATE jobs, outbox CASCADE"))
    conn.execute(text("RESET session_replication_role"))
