from rag.evaluate.measures.figures import figures
from rag.evaluate.measures.metrics import metric_label
from rag.evaluate.reports.tables import EvaluationTable, FigureCell, stage_tables
from tests.rag.evaluate.made import make


def test_a_transposed_table_has_a_cell_for_each_that_was_missing():
    cells = (FigureCell("0.5", "0.4–0.6"), FigureCell("3 ms"))
    table = EvaluationTable(
        ("Stage", "mrr", "Median"), (("Fused", cells), ("Oracle", cells[:1])), "x"
    )
    turned = table.transposed()
    assert turned.columns == ("", "Fused", "Oracle")
    assert [(name, [str(cell) for cell in row]) for name, row in turned.rows] == [
        ("mrr", ["0.5 (0.4–0.6)", "0.5 (0.4–0.6)"]),
        ("Median", ["3 ms", ""]),
    ]


def test_every_pipeline_has_a_table_of_the_same_columns():
    found = figures(make(6))
    tables = stage_tables(found)
    assert [table.title for table in tables] == ["Without reranking", "late"]
    assert {table.columns for table in tables} == {
        ("Stage", *map(metric_label, found.measures), "Median", "95 %", "Questions")
    }
    names = [name for name, _ in tables[0].rows]
    assert names == ["Dense", "BM25", "Fused", "Reranked", "Random order", "Oracle order"]
