"""Bars as SVG, on a logarithmic scale; dark and light pages alike."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, LEFT, RIGHT, BAR, GAP = 760, 150, 60, 11, 12
COLORS = ("#2f81f7", "#d4a72c", "#8b949e", "#bf4b8a")


def bars(title: str, unit: str, groups: Mapping[str, Mapping[str, float]], series: Sequence[str]) -> str:
    """Draw a group of bars for each name; `series` orders and names what each bar is. Values are above 0."""
    values = [value for group in groups.values() for value in group.values()]
    low, high = floor(log10(min(values))), max(ceil(log10(max(values))), floor(log10(min(values))) + 1)
    scale = (WIDTH - LEFT - RIGHT) / (high - low)
    body, y = [], 60
    for name, group in groups.items():
        shown = [one for one in series if one in group]
        body.append(_text(LEFT - 8, y + BAR * len(shown) / 2 + 4, name, "end"))
        for one in shown:
            width = max(1.0, (log10(group[one]) - low) * scale)
            color = COLORS[series.index(one) % len(COLORS)]
            body.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 1}" fill="{color}"/>')
            body.append(_text(LEFT + width + 4, y + BAR - 2, f"{group[one]:.3g}", "start", 9))
            y += BAR
        y += GAP
    grid = [_line(LEFT + (power - low) * scale, y, f"{10.0**power:g} {unit}") for power in range(low, high + 1)]
    return "\n".join(_page(y + 24, [_text(LEFT, 20, title, "start", 13), *_legend(series), *grid, *body]))


def _page(height: float, body: Sequence[str]) -> Iterator[str]:
    size = f'width="{WIDTH}" height="{height:.0f}" viewBox="0 0 {WIDTH} {height:.0f}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" fill="#7d8590">'
    yield from body
    yield "</svg>\n"


def _legend(series: Sequence[str]) -> Iterator[str]:
    for number, one in enumerate(series):
        x = LEFT + number * 140
        yield f'<rect x="{x}" y="32" width="10" height="10" fill="{COLORS[number % len(COLORS)]}"/>'
        yield _text(x + 15, 41, one, "start")


def _line(x: float, bottom: float, label: str) -> str:
    line = f'<line x1="{x:.1f}" y1="52" x2="{x:.1f}" y2="{bottom:.0f}" stroke="#7d8590" stroke-opacity="0.35"/>'
    return line + _text(x, bottom + 14, label, "middle", 10)


def _text(x: float, y: float, text: str, anchor: str, size: int = 11) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(text)}</text>'
