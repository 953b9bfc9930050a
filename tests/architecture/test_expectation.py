"""What SQLite is told of how many rows to expect."""

import sqlite3
from contextlib import closing

from app import migrate


def figures(path):
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT idx, stat FROM sqlite_stat1"))


def test_every_index_has_its_figures(sqlite, tmp_path):
    found = figures(tmp_path / "custograph.db")
    with closing(sqlite3.connect(tmp_path / "custograph.db")) as connection:
        of = "SELECT l.name FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_info(l.name) i"
        whole = f"{of} WHERE m.type = 'table' AND i.seqno = 0 AND i.name = 'tenant_id'"
        assert found.keys() == {name for (name,) in connection.execute(whole)}
    assert found["ix_feedback_day"] == "1000000 1000000 1000"
    assert found["sqlite_autoindex_feedback_1"] == "1000000 1000000 1"
    # an index of the few who came back, which nobody would walk if it were taken for one of all
    assert found["ix_spell_return"].startswith("50000 50000 50000 1000 ")


def test_what_it_has_counted_itself_stays(sqlite, tmp_path):
    with closing(sqlite3.connect(tmp_path / "custograph.db")) as connection:
        connection.execute("UPDATE sqlite_stat1 SET stat = '7 7 1' WHERE idx = 'ix_feedback_day'")
        connection.execute("DELETE FROM sqlite_stat1 WHERE idx = 'ix_spell_end'")
        connection.commit()
    migrate.upgrade(sqlite)
    found = figures(tmp_path / "custograph.db")
    assert found["ix_feedback_day"] == "7 7 1"
    assert found["ix_spell_end"].startswith("1000000 1000000 1000000 1000 ")


def test_an_index_that_comes_later_goes_by_what_was_counted_of_its_table(sqlite, tmp_path):
    with closing(sqlite3.connect(tmp_path / "custograph.db")) as connection:
        connection.execute("UPDATE sqlite_stat1 SET stat = '700 ' || substr(stat, 9) WHERE tbl = 'feedback'")
        connection.execute("DELETE FROM sqlite_stat1 WHERE idx = 'ix_feedback_day'")
        connection.commit()
    migrate.upgrade(sqlite)
    assert figures(tmp_path / "custograph.db")["ix_feedback_day"] == "700 700 700"
