"""``python -m tests.releases``: records what this release needs of the schema.

Run when a release is made; writes ``tests/cases/releases/VERSION.json``.
"""

import json
import sys

from grading.store.schema import expected_version
from tests.releases.contract import FOLDER
from tests.releases.recording import not_recorded, recorded, to_document
from tests.releases.schema_shape import shape_of
from tests.releases.story import tell
from tests.stack.postgres import Databases, private_postgres


def main() -> int:
    """Record; 1 where a query of the store has no part in the story."""
    with private_postgres() as postgres, Databases(postgres).lend() as database:
        shape = shape_of(database)
        engine = database.make_engine(pool_size=1)
        with engine.connect() as conn, recorded(engine) as sent:
            tell(conn)
        engine.dispose()
    if missing := not_recorded(sent):
        sys.stderr.write(f"tests/releases/story.py leaves out: {', '.join(missing)}\n")
        return 1
    document = {"shape": shape, "queries": to_document(sent)}
    written = FOLDER / f"{expected_version():04}.json"
    written.write_text(json.dumps(document, indent=1) + "\n")
    sys.stdout.write(f"{written}: {len(sent)} statements\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
