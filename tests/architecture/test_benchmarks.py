"""The benchmarks measure what they say, and their page tells it without a path of the machine."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from sample_images import write_image
from sources import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import charts
import processes
import report
import scan

LOOP = "import time; end = time.process_time() + {}\nwhile time.process_time() < end: pass\n"


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="needs Linux's /proc")
def test_children_count():
    """Processor time, memory and bytes read of a child's child are the command's."""
    child = (
        LOOP.format(0.2) + f"data = bytearray(50 << 20)\nopen({sys.executable!r}, 'rb').read(5000)\n" + LOOP.format(0.1)
    )
    program = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}], check=True)\n"
    taken = processes.run([sys.executable, "-c", program], os.environ, memory=True)
    assert 0.3 <= taken.cpu < 5
    assert taken.memory > 50 << 20
    assert taken.read > 5000
    with pytest.raises(RuntimeError, match="ended with 3: ouch"):
        processes.run([sys.executable, "-c", "import sys; sys.stderr.write('ouch'); sys.exit(3)"], os.environ)


def image(name, path, base, stella, trivy):
    runs = {
        case: [scan.Taken(wall, wall * 2, 10**6) for wall in walls]
        for case, walls in (("stella cold", stella), ("trivy cold", trivy), ("syft", [9.0]))
    }
    return scan.Image(name, path, base, 50_000_000, runs, {"stella": 10**8}, {"stella": 12, "trivy": 11})


def test_ratios_are_of_medians():
    """One slow run changes nothing."""
    one = image("x", "/secret/x", [], [1.0, 1.2, 40.0], [2.0, 2.4, 2.6])
    assert one.figure("stella cold", "wall") == 1.2
    assert one.ratio("stella cold", "trivy cold") == 0.5
    assert one.ratio("stella warm", "trivy warm") is None


def test_the_page_tells_all_and_no_path():
    """Every image, budget and other benchmark stands on it, and nothing of where the images were."""
    images = [image("x", "/secret/x", [], [1.0], [2.5]), image("y", "/secret/y", [], [3.0], [2.0])]
    outputs = {"startup.py": "stella --version    80.0     57.8    1.38\n", "emit.py": "json  5,000  160.7  147.1\n"}
    made = report.Report("2025-01-02", {"processor": "p"}, 3, {"stella": "1"}, list(map(scan.public, images)), outputs)
    text = "\n".join(report.page(made))
    assert "| `stella --version` | ≤ 1.6 times a bare interpreter | 1.38 | yes |" in text
    assert "| cold, any image | ≤ 1 times Trivy | 1.50 | no |" in text
    assert "| 5,000 components, slowest format | ≤ 150 ms | 160.70 | no |" in text
    assert "| x | stella cold | 1.00 | 2.00 | 1.0 | 100 | 12 | 0.40 | 0.40 | 0.11 |" in text
    assert "secret" not in text
    assert "other work" not in text
    made.machine["load before the run"] = "3.5"
    assert "The machine had other work, a load of 3.5" in "\n".join(report.page(made))


def test_images_that_share_layers_are_found(tmp_path):
    """The second release is measured on the first as well; another image is not."""
    paths = [
        write_image(tmp_path / "a", 2),
        write_image(tmp_path / "b", 2, release=2),
        write_image(tmp_path / "c", 3),
    ]
    images = list(map(scan.read_image, paths))
    assert [base and base.name for _, base in scan.with_bases(images)] == [None, "a", None]
    assert all(image.size > 1000 for image in images)


def test_bars_are_svg():
    """Well-formed, one bar for each value, within the picture."""
    text = charts.bars("a < b", "s", {"x": {"one": 0.02, "two": 3.0}, "y & z": {"two": 150.0}}, ("one", "two"))
    root = ET.fromstring(text)
    bars = [one for one in root.iter() if one.tag.endswith("rect") and one.get("height") == str(charts.BAR - 1)]
    assert len(bars) == 2 + 3  # the legend's as well
    assert all(float(one.get("x")) + float(one.get("width")) <= charts.WIDTH for one in bars)


def test_the_page_is_of_this_form():
    """The page has its markers, and figures that the script wrote."""
    text = report.PAGE.read_text()
    assert text.count(report.BEGIN) == text.count(report.END) == 1
    written = text.split(report.BEGIN)[1].split(report.END)[0]
    assert "Measured on 20" in written
    assert "| made-gzip | stella cold |" in written
    ET.fromstring(report.PAGE.with_suffix(".svg").read_text())


def test_the_scripts_start():
    """Each says what it takes."""
    for name in ("scan", "report"):
        command = [sys.executable, str(ROOT / f"benchmarks/{name}.py"), "--help"]
        assert b"--runs" in subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
