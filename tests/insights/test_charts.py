from itertools import pairwise

import pytest

from nps_portal.insights.charts import distribution_chart, share_bar, spark_line
from nps_portal.insights.comparison_charts import ComparedGroup, comparison_chart
from nps_portal.insights.trend_charts import TrendChart, TrendMark, TrendPoint, trend_chart
from nps_portal.nps import CategoryCounts


def point(label: str, value: float | None, margin: float = 0.1) -> TrendPoint:
    if value is None:
        return TrendPoint(label=label, value=None, low=None, high=None, n=0)
    return TrendPoint(label=label, value=value, low=value - margin, high=value + margin, n=50)


def year_of(*values: float | None) -> TrendChart:
    return trend_chart([point(f"P{place}", value) for place, value in enumerate(values)])


def test_the_highest_bar_fills_the_room_and_the_others_keep_its_proportion() -> None:
    counts = [0] * 9 + [20, 40]

    chart = distribution_chart(counts, height=142)

    assert [bar.height for bar in chart.bars[8:]] == [0, 50, 100]
    assert [bar.y for bar in chart.bars[8:]] == [120, 70, 20]


def test_a_single_answer_among_thousands_is_still_visible() -> None:
    chart = distribution_chart([1] + [0] * 9 + [9999])

    assert chart.bars[0].height == 2
    assert chart.bars[1].height == 0


def test_bars_carry_the_category_of_their_score() -> None:
    chart = distribution_chart([1] * 11)

    names = [bar.category for bar in chart.bars]
    assert names == ["detractor"] * 7 + ["passive"] * 2 + ["promoter"] * 2


def test_bars_stand_side_by_side_within_the_drawing() -> None:
    bars = distribution_chart([1] * 11).bars

    assert bars[0].x > 0
    assert bars[-1].x + bars[-1].width < 100
    assert all(left.x + left.width < right.x for left, right in pairwise(bars))


@pytest.mark.parametrize(
    ("count", "label"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (9949, "9.9k"),
        (9950, "10k"),
        (120_044, "120k"),
        (999_499, "999k"),
        (999_500, "1.0M"),
        (12_300_000, "12M"),
    ],
)
def test_a_label_above_a_bar_stays_short(count: int, label: str) -> None:
    chart = distribution_chart([count] + [0] * 10)

    assert chart.bars[0].label == label


def test_a_distribution_without_answers_says_so() -> None:
    chart = distribution_chart([0] * 11)

    assert chart.description == "No answers yet."
    assert {bar.height for bar in chart.bars} == {0}


def test_a_distribution_needs_eleven_counts() -> None:
    with pytest.raises(ValueError, match="eleven"):
        distribution_chart([1, 2, 3])


def test_shares_divide_the_line_promoters_first() -> None:
    bar = share_bar(CategoryCounts(detractors=1, passives=2, promoters=5))

    assert [(part.category, part.x, part.width) for part in bar.segments] == [
        ("promoter", 0, 62.5),
        ("passive", 62.5, 25),
        ("detractor", 87.5, 12.5),
    ]
    assert bar.description == "5 promoters, 2 passives, 1 detractor."


def test_shares_of_nobody_have_no_width() -> None:
    bar = share_bar(CategoryCounts(detractors=0, passives=0, promoters=0))

    assert [part.width for part in bar.segments] == [0, 0, 0]


def test_a_spark_line_shows_the_last_five_scores() -> None:
    line = spark_line([0, 1, 2, 3, 4, 10], width=48, height=28)

    assert [dot.score for dot in line.dots] == [1, 2, 3, 4, 10]
    assert [dot.x for dot in line.dots] == [4, 14, 24, 34, 44]
    assert line.dots[-1].y == 4
    assert line.description == "Last scores, oldest first: 1, 2, 3, 4, 10."


def test_the_last_score_stands_at_the_right_however_few_there_are() -> None:
    line = spark_line([7], width=48)

    assert line.dots[0].x == 44
    assert line.path == ""


def test_a_contact_without_scores_has_an_empty_spark_line() -> None:
    line = spark_line([])

    assert line.dots == ()
    assert line.description == "No scores yet."


def test_periods_are_spread_over_the_whole_plot() -> None:
    chart = year_of(0.1, 0.2, 0.3, 0.4, 0.5)

    assert [dot.x for dot in chart.dots] == [0, 25, 50, 75, 100]


def test_higher_scores_stand_higher() -> None:
    chart = year_of(-0.5, 0.0, 0.5)

    low, middle, high = (dot.y for dot in chart.dots)
    assert low > middle > high
    assert middle - high == pytest.approx(low - middle, abs=0.02)


def test_the_grid_has_round_numbers_that_hold_the_whole_band() -> None:
    chart = year_of(0.33, 0.51)

    assert [line.label for line in chart.grid] == ["20", "40", "60", "80"]
    assert all(chart.grid[0].y >= dot.y_low for dot in chart.dots)
    assert all(chart.grid[-1].y <= dot.y_high for dot in chart.dots)


def test_negative_grid_labels_have_a_true_minus_sign_and_zero_is_marked() -> None:
    chart = year_of(-0.3, 0.3)

    assert [line.label for line in chart.grid] == ["−40", "−20", "0", "20", "40"]
    assert [line.is_zero for line in chart.grid] == [False, False, True, False, False]


def test_the_scale_is_never_narrower_than_forty_points() -> None:
    points = [TrendPoint(label="P", value=0.5, low=0.49, high=0.51, n=90_000)]

    chart = trend_chart(points)

    assert [line.label for line in chart.grid] == ["30", "40", "50", "60", "70"]


def test_the_scale_ends_where_the_score_ends() -> None:
    points = [TrendPoint(label="P", value=1.0, low=0.2, high=1.0, n=5)]

    chart = trend_chart(points)

    assert chart.grid[-1].label == "100"


def test_a_period_without_answers_leaves_a_gap() -> None:
    chart = year_of(0.1, 0.2, None, 0.3, 0.4)

    assert len(chart.lines) == 2
    assert len(chart.bands) == 2
    assert [dot.x for dot in chart.dots] == [0, 25, 75, 100]


def test_a_score_without_neighbours_stands_alone_without_a_line() -> None:
    chart = year_of(None, 0.2, None)

    assert chart.lines == ()
    assert [dot.is_alone for dot in chart.dots] == [True]
    assert chart.dots[0].y_high < chart.dots[0].y < chart.dots[0].y_low


def test_a_single_period_stands_in_the_middle() -> None:
    chart = year_of(0.2)

    assert [dot.x for dot in chart.dots] == [50]


def test_no_answers_make_an_empty_plot_with_a_scale() -> None:
    chart = year_of(None, None)

    assert chart.dots == ()
    assert chart.grid[0].label == "0"
    assert chart.grid[-1].label == "100"
    assert chart.description == "No answers in this time."


def test_no_periods_at_all_draw_nothing() -> None:
    chart = trend_chart([])

    assert (chart.dots, chart.labels, chart.lines) == ((), (), ())


def test_labels_are_thinned_and_the_last_one_always_stays() -> None:
    chart = year_of(*[0.1] * 52)

    assert len(chart.labels) == 11
    assert chart.labels[-1].text == "P51"
    assert sum(not label.is_minor for label in chart.labels) <= 5
    assert not chart.labels[-1].is_minor


def test_many_periods_keep_the_line_and_drop_the_dots() -> None:
    chart = year_of(*[0.1] * 52)

    assert chart.dots == ()
    assert len(chart.lines) == 1


def test_a_mark_writes_towards_the_side_that_has_room() -> None:
    marks = [TrendMark(position=0.5, label="new prices"), TrendMark(position=3, label="new firm")]

    chart = trend_chart([point(str(place), 0.2) for place in range(5)], marks=marks)

    assert [(mark.x, mark.anchor) for mark in chart.marks] == [(12.5, "start"), (75, "end")]


def test_the_description_names_the_ends_and_the_extremes() -> None:
    chart = year_of(0.33, None, -0.08, 0.51, 0.47)

    assert chart.description == "33 in P0, 47 in P4; lowest −8 in P2, highest 51 in P3."


def test_groups_are_placed_on_one_axis_in_their_order() -> None:
    high = ComparedGroup(label="Bakeries", value=0.6, low=0.4, high=0.8, n=64)
    low = ComparedGroup(label="Schools", value=0.2, low=0.0, high=0.4, n=41)

    chart = comparison_chart([high, low], overall=0.5)

    assert [tick.label for tick in chart.ticks] == ["0", "20", "40", "60", "80"]
    assert [(row.x_low, row.x, row.x_high) for row in chart.rows] == [(50, 75, 100), (0, 25, 50)]
    assert chart.overall_x == 62.5


def test_a_comparison_of_nothing_has_an_axis_and_no_rows() -> None:
    chart = comparison_chart([])

    assert chart.rows == ()
    assert chart.ticks[0].label == "0"
