"""From EEG files of every format to series, electrodes and responses."""

from __future__ import annotations

import pickle
import warnings
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import mne
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eeg_files
from atlasdb.errors import AtlasError, InvalidDataError, NotFoundError
from atlasdb_ingest.modalities import eeg
from atlasdb_ingest.modalities.eeg import Options
from eeg_files import FORMATS, NAMES, SFREQ, voltages

PLAIN = Options()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_becomes_the_same_electrodes(tmp_path: Path, name: str) -> None:
    path = FORMATS[name](tmp_path / name, voltages(), NAMES)
    found = eeg.read(path, PLAIN)
    assert found.timeseries is not None
    assert found.parcellation.id == "standard_1005"
    assert [a.name for a in found.parcellation.areas] == list(NAMES)
    assert found.timeseries.codes == tuple(n.lower() for n in NAMES)
    assert found.timeseries.sfreq == 128.0
    assert found.recording.modality == "eeg"
    assert found.recording.sfreq_hz == SFREQ
    assert found.recording.n_channels == 12
    assert found.recording.n_bad == 0
    data = found.timeseries.data
    assert np.isfinite(data).all()
    assert np.allclose(data.mean(axis=1), 0, atol=1e-9)
    assert np.allclose(data.std(axis=1), 1)
    assert pickle.loads(pickle.dumps(found)).recording == found.recording


def test_formats_agree_on_the_series(tmp_path: Path) -> None:
    data = voltages()
    series = {}
    for name in ("one.edf", "one.bdf", "one.vhdr", "one_raw.fif", "one.set"):
        found = eeg.read(FORMATS[name](tmp_path / name, data, NAMES), PLAIN).timeseries
        assert found is not None
        series[name] = found.data
    whole = series.pop("one_raw.fif")
    for name, other in series.items():
        n = min(whole.shape[1], other.shape[1])
        assert np.corrcoef(whole[:, :n].ravel(), other[:, :n].ravel())[0, 1] > 0.99, (
            name
        )


def test_positions_and_sides_are_of_the_layout(tmp_path: Path) -> None:
    found = eeg.read(eeg_files.edf(tmp_path / "a.edf", voltages(), NAMES), PLAIN)
    areas = {a.name: a for a in found.parcellation.areas}
    assert areas["C3"].x_mm is not None
    assert areas["C3"].x_mm < -30
    assert (areas["C3"].hemisphere, areas["C4"].hemisphere) == ("L", "R")
    assert areas["Cz"].hemisphere == "M"
    assert found.parcellation.kind == "sensors"


def test_epochs_are_pieces_and_give_a_response(tmp_path: Path) -> None:
    path = eeg_files.epochs_fif(tmp_path / "kept.fif", voltages(seconds=40), NAMES)
    found = eeg.read(path, PLAIN)
    assert found.timeseries is not None
    assert len(found.timeseries.lengths) == 20
    (response,) = found.maps
    assert response.condition == "target"
    assert response.n_trials == 20
    _peak_is_right(response)


def test_epochs_of_eeglab_with_and_without_fdt(tmp_path: Path) -> None:
    for fdt in (True, False):
        path = tmp_path / f"fdt-{fdt}.set"
        eeg_files.eeglab(path, voltages(), NAMES, fdt=fdt, trials=20)
        found = eeg.read(path, PLAIN)
        assert found.timeseries is not None
        assert len(found.timeseries.lengths) == 20
        assert [m.condition for m in found.maps] == ["target"]


def test_annotations_that_recur_are_conditions_and_remarks_are_not(
    tmp_path: Path,
) -> None:
    data = voltages(seconds=40)
    onsets = np.arange(1.0, 38.0, 2.0)
    eeg_files.respond(data, list(onsets), NAMES.index("Pz"))
    marks = [(float(t), 0.0, "target") for t in onsets]
    marks += [(5.5, 0.0, "Jane Doe woke up"), (7.5, 0.0, "Jane Doe woke up")]
    path = eeg_files.edf(tmp_path / "a.edf", data, NAMES, marks)
    found = eeg.read(path, PLAIN)
    assert [m.condition for m in found.maps] == ["target"]
    _peak_is_right(found.maps[0])
    assert "Jane" not in repr(found) + " ".join(found.notes)


def test_markers_of_brainvision_and_triggers_are_conditions(tmp_path: Path) -> None:
    path = eeg_files.brainvision(tmp_path / "a.vhdr", voltages(), NAMES)
    found = eeg.read(path, PLAIN)
    assert [(m.condition, m.n_trials) for m in found.maps] == [("Stimulus/S 1", 7)]
    assert "Jane" not in repr(found)

    data = np.vstack([voltages(), np.zeros(4000)])
    for k in range(1, 9):
        data[12, k * 400 : k * 400 + 10] = 3
    raw = eeg_files.raw(data, [*NAMES, "STI 014"], kinds=["eeg"] * 12 + ["stim"])
    raw.save(tmp_path / "trig_raw.fif", verbose="ERROR")
    found = eeg.read(tmp_path / "trig_raw.fif", PLAIN)
    assert [(m.condition, m.n_trials) for m in found.maps] == [("3", 8)]


def test_an_events_table_counts_in_place_of_what_is_in_the_file(
    tmp_path: Path,
) -> None:
    marks = [(float(t), 0.0, "inside") for t in range(1, 15)]
    path = eeg_files.edf(tmp_path / "sub-01_task-x_eeg.edf", voltages(), NAMES, marks)
    rows = ["onset\tduration\ttrial_type", *(f"{t}\t0\tgo" for t in range(1, 12))]
    rows += ["12\t0\tn/a", "n/a\t0\tgo", "13\t0\trare"]
    table = tmp_path / "sub-01_task-x_events.tsv"
    table.write_text("\n".join(rows))
    beside = eeg.read(path, PLAIN)
    named = eeg.read(path, Options(events=table))
    assert [(m.condition, m.n_trials) for m in beside.maps] == [("go", 11)]
    assert [(m.condition, m.n_trials) for m in named.maps] == [("go", 11)]
    assert table in eeg.files(path, PLAIN)


def test_odd_names_and_other_channels(tmp_path: Path) -> None:
    names = ["EEG FP1-REF", "Fp2.", "EEG F3-LE", "f4..", "EEG T3", "POL Cz"]
    names += ["EOG left", "ECG", "EMG chin", "Resp", "STATUS", "nd"]
    path = eeg_files.edf(tmp_path / "odd.edf", voltages(), names)
    found = eeg.read(path, PLAIN)
    assert [a.name for a in found.parcellation.areas] == [
        "Fp1", "Fp2", "F3", "F4", "T7", "Cz",
    ]  # fmt: skip
    notes = " ".join(found.notes)
    assert "ECG" in notes
    assert "T3 is T7" in notes


def test_names_of_no_layout_are_areas_without_positions(tmp_path: Path) -> None:
    names = [f"X{i}" for i in range(12)]
    found = eeg.read(eeg_files.edf(tmp_path / "x.edf", voltages(), names), PLAIN)
    assert found.parcellation.id.startswith("sensors-")
    assert all(a.x_mm is None for a in found.parcellation.areas)
    assert any("no position" in note for note in found.notes)


def test_bipolar_channels_keep_their_names_and_reference(tmp_path: Path) -> None:
    names = ["FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FZ-CZ", "T8-P8-0", "T8-P8-1"]
    data = voltages(7)
    data[6] = data[5]
    found = eeg.read(eeg_files.edf(tmp_path / "b.edf", data, names), PLAIN)
    assert [a.name for a in found.parcellation.areas][:2] == ["Fp1-F7", "F7-T7"]
    assert len(found.parcellation.areas) == 6
    assert found.parcellation.areas[0].hemisphere == "L"
    assert any("no average reference" in note for note in found.notes)


def test_bad_channels_are_named_and_left_out(tmp_path: Path) -> None:
    data = voltages()
    data[2] = 0.0
    data[3] *= 30
    data[4] = np.random.default_rng(5).normal(size=data.shape[1]) * 1e-5
    path = eeg_files.edf(tmp_path / "a.edf", data, NAMES)
    found = eeg.read(path, PLAIN)
    assert found.timeseries is not None
    assert found.recording.n_bad == 3
    assert not {"f3", "f4", "c3"} & set(found.timeseries.codes)
    (note,) = [n for n in found.notes if "Bad" in n]
    assert "F3 (flat)" in note
    assert "F4 (deviant amplitude)" in note
    assert "C3 (like no other)" in note
    kept = eeg.read(path, Options(detect_bads=False)).timeseries
    assert kept is not None
    assert {"f4", "c3"} <= set(kept.codes)
    asked = eeg.read(path, Options(bads=("EEG CZ-REF",))).timeseries
    assert asked is not None
    assert "cz" not in asked.codes
    with pytest.raises(InvalidDataError, match="no electrode 'Nope'"):
        eeg.read(path, Options(bads=("Nope",)))


def test_nothing_is_bad_in_noise_that_nobody_shares(tmp_path: Path) -> None:
    data = 1e-5 * np.random.default_rng(0).normal(size=(12, 4000))
    found = eeg.read(eeg_files.edf(tmp_path / "a.edf", data, NAMES), PLAIN)
    assert found.recording.n_bad == 0


def test_channels_of_bids_say_types_and_bads(tmp_path: Path) -> None:
    path = eeg_files.edf(tmp_path / "sub-01_task-x_eeg.edf", voltages(), NAMES)
    rows = ["name\ttype\tunits\tstatus", "Fp1\tVEOG\tuV\tgood", "Cz\tEEG\tuV\tbad"]
    (tmp_path / "sub-01_task-x_channels.tsv").write_text("\n".join(rows))
    found = eeg.read(path, PLAIN)
    assert found.timeseries is not None
    assert not {"fp1", "cz"} & set(found.timeseries.codes)
    assert len(found.timeseries.codes) == 10


def test_electrodes_of_bids_place_names_of_no_layout(tmp_path: Path) -> None:
    names = [f"X{i}" for i in range(12)]
    path = eeg_files.edf(tmp_path / "sub-01_task-x_eeg.edf", voltages(), names)
    rows = ["name\tx\ty\tz"]
    rows += [f"X{i}\t{0.05 * np.cos(i)}\t{0.05 * np.sin(i)}\t0.07" for i in range(12)]
    (tmp_path / "sub-01_electrodes.tsv").write_text("\n".join(rows))
    areas = eeg.read(path, PLAIN).parcellation.areas
    assert areas[0].x_mm == pytest.approx(50, abs=0.1)
    assert areas[3].hemisphere == "L"


def test_a_reference_is_subtracted_and_left_out(tmp_path: Path) -> None:
    path = eeg_files.edf(tmp_path / "a.edf", voltages(), NAMES)
    found = eeg.read(path, Options(reference="Cz, pz")).timeseries
    assert found is not None
    assert len(found.codes) == 10
    kept = eeg.read(path, Options(reference="none")).timeseries
    assert kept is not None
    assert len(kept.codes) == 12
    with pytest.raises(InvalidDataError, match="no electrode 'M1'"):
        eeg.read(path, Options(reference="M1"))


def test_breaks_and_bad_spans_divide_the_series(tmp_path: Path) -> None:
    marks = [(5.0, 1.0, "BAD muscle"), (12.0, 0.0, "boundary")]
    path = eeg_files.edf(tmp_path / "a.edf", voltages(), NAMES, marks)
    found = eeg.read(path, PLAIN)
    assert found.timeseries is not None
    assert [round(n / 128) for n in found.timeseries.lengths] == [5, 6, 8]
    assert any("left out" in note for note in found.notes)


@pytest.mark.parametrize("dated", [True, False])
def test_events_stay_in_place_when_samples_do_not_start_at_0(
    tmp_path: Path, dated: bool
) -> None:
    data = voltages(seconds=40)
    onsets = np.arange(12.0, 38.0, 2.0)
    eeg_files.respond(data, list(onsets), NAMES.index("Pz"))
    raw = eeg_files.raw(data, NAMES)
    if dated:
        raw.set_meas_date(86400)
    raw.set_annotations(
        mne.Annotations(onsets, 0.0, ["go"] * len(onsets), raw.info["meas_date"])
    )
    raw.crop(tmin=7.3).save(tmp_path / "late_raw.fif", verbose="ERROR")
    found = eeg.read(tmp_path / "late_raw.fif", PLAIN)
    _peak_is_right(found.maps[0])


def test_any_file_of_brainvision_may_be_named(tmp_path: Path) -> None:
    path = eeg_files.brainvision(tmp_path / "a.vhdr", voltages(), NAMES)
    hashes = {
        eeg.read(path.with_suffix(s), PLAIN).recording.sha256
        for s in (".vhdr", ".eeg", ".vmrk")
    }
    assert len(hashes) == 1
    assert eeg.files(path.with_suffix(".eeg"), PLAIN) == eeg.files(path, PLAIN)


def test_companions_are_part_of_the_content(tmp_path: Path) -> None:
    path = eeg_files.eeglab(tmp_path / "a.set", voltages(), NAMES)
    before = eeg.read(path, PLAIN).recording.sha256
    fdt = path.with_suffix(".fdt")
    assert fdt in eeg.files(path, PLAIN)
    content = bytearray(fdt.read_bytes())
    content[1000:1004] = b"\0\0\0\0"
    fdt.write_bytes(bytes(content))
    assert eeg.read(path, PLAIN).recording.sha256 != before


def test_options_that_change_the_band(tmp_path: Path) -> None:
    path = eeg_files.edf(tmp_path / "a.edf", voltages(sfreq=64), NAMES, sfreq=64)
    found = eeg.read(path, PLAIN)
    assert found.timeseries is not None
    assert found.timeseries.sfreq == 64
    lowered = eeg.read(path, Options(montage=None, h_freq=45.0))
    assert any("64 samples a second" in note for note in lowered.notes)
    with pytest.raises(InvalidDataError, match="empty"):
        eeg.read(path, Options(l_freq=20, h_freq=10))
    with pytest.raises(InvalidDataError, match="tmin"):
        Options(tmin=0.1)
    with pytest.raises(NotFoundError, match="no montage 'nope'"):
        eeg.read(path, Options(montage="nope"))


def test_a_unit_that_is_not_said_is_microvolts(tmp_path: Path) -> None:
    path = eeg_files.edf(tmp_path / "a.edf", voltages(), NAMES, unit="")
    assert any("taken as uV" in note for note in eeg.read(path, PLAIN).notes)


def _cut(path: Path, share: float = 0.5) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def test_what_cannot_be_used_is_refused_in_one_line(tmp_path: Path) -> None:
    def refused(
        path: Path, words: str, kind: type[AtlasError] = InvalidDataError
    ) -> None:
        with pytest.raises(kind, match=words) as caught:
            eeg.read(path, PLAIN)
        assert "\n" not in str(caught.value)

    data = voltages()
    refused(tmp_path / "nowhere.edf", "no file", NotFoundError)
    for name in ("a.edf", "a.bdf"):
        refused(_cut(eeg_files.edf(tmp_path / name, data, NAMES)), "cut short")
    vhdr = eeg_files.brainvision(tmp_path / "b.vhdr", data, NAMES)
    _cut(vhdr.with_suffix(".eeg"), 0.5003)
    refused(vhdr, "cut short")
    vhdr.with_suffix(".eeg").unlink()
    refused(vhdr, "not beside it", NotFoundError)
    refused(vhdr.with_suffix(".vmrk"), "not beside it", NotFoundError)
    for trials in (1, 10):
        made = eeg_files.eeglab(tmp_path / "c.set", data, NAMES, trials=trials)
        _cut(made.with_suffix(".fdt"))
        refused(made, "cut short|damaged")
        made.with_suffix(".fdt").unlink()
        refused(made, "not beside it", NotFoundError)
    for name in ("d_raw.fif", "e-epo.fif"):
        made = FORMATS["one" + name[1:]](tmp_path / name, data.copy(), NAMES)
        refused(_cut(made), "damaged|cut short")
    for name in ("a.edf", "a.bdf", "a.gdf", "a.vhdr", "a.set", "a.fif", "a.cnt"):
        path = tmp_path / "bad" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
        refused(path, "empty")
        path.write_bytes(b"not a recording" * 40)
        refused(path, "header|damaged|not beside it", AtlasError)
    (tmp_path / "x.csv").write_text("1,2,3")
    refused(tmp_path / "x.csv", "ingest timeseries")
    (tmp_path / "x.xyz").write_text("1,2,3")
    refused(tmp_path / "x.xyz", "no EEG format")


def test_tags_of_matlab_that_would_end_the_process_are_refused(
    tmp_path: Path,
) -> None:
    path = eeg_files.eeglab(tmp_path / "a.set", voltages(), NAMES, fdt=False)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        content = bytearray(whole)
        for at in rng.integers(128, 3000, 12):
            content[at] = rng.integers(0, 256)
        path.write_bytes(bytes(content))
        with suppress(AtlasError):
            eeg.read(path, PLAIN)


def test_values_that_no_electrode_records_are_refused(tmp_path: Path) -> None:
    def refused(data: np.ndarray, words: str, names: tuple[str, ...] = NAMES) -> None:
        path = eeg_files.raw(data, names).save(
            tmp_path / "a_raw.fif", overwrite=True, verbose="ERROR"
        )
        with pytest.raises(InvalidDataError, match=words):
            eeg.read(Path(path[0]), PLAIN)

    data = voltages()
    refused(1e5 * data, "potentials of")
    refused(1e-6 * data, "vary by")
    refused(0 * data, "flat")
    refused(data[:, :150], "lasts")
    refused(data[:1], "1 EEG channels", NAMES[:1])
    refused(data[:2], "0 EEG channels", ("EOG1", "ECG"))
    holed = data.copy()
    holed[3, 100] = np.nan
    refused(holed, "no numbers, in F4")
    wild = data.copy()
    wild[3, 100] = 1e30
    refused(wild, "potentials of")
    wild[3, 100] = 0.5
    path = eeg_files.raw(wild, NAMES).save(tmp_path / "b_raw.fif", verbose="ERROR")
    found = eeg.read(Path(path[0]), PLAIN)
    assert any("F4 (out of range)" in note for note in found.notes)


def test_constant_offsets_are_no_potentials(tmp_path: Path) -> None:
    data = voltages() + 0.2
    path = eeg_files.raw(data, NAMES).save(tmp_path / "a_raw.fif", verbose="ERROR")
    assert eeg.read(Path(path[0]), PLAIN).recording.n_bad == 0


@pytest.mark.parametrize("name", ["one.edf", "one.vhdr", "one_raw.fif", "one.set"])
def test_damage_anywhere_is_one_error_or_sound_values(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    path = FORMATS[name](folder / name, voltages(6, seconds=4), NAMES[:6])
    parts = [p for p in sorted(folder.iterdir()) if p.suffix != ".eeg"]
    original = {p: p.read_bytes() for p in parts}

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def damaged(draw: st.DataObject) -> None:
        part = draw.draw(st.sampled_from(parts))
        content = bytearray(original[part])
        for _ in range(draw.draw(st.integers(1, 8))):
            at = draw.draw(st.integers(0, min(len(content) - 1, 4000)))
            content[at] = draw.draw(st.integers(0, 255))
        end = draw.draw(st.integers(len(content) // 2, len(content)))
        part.write_bytes(bytes(content[:end]))
        try:
            found = eeg.read(path, PLAIN)
        except AtlasError:
            return  # nothing else may be raised
        finally:
            part.write_bytes(original[part])
        assert found.timeseries is not None
        assert np.isfinite(found.timeseries.data).all()

    damaged()


def test_mne_does_not_speak(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name, write in FORMATS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            eeg.read(write(tmp_path / name, voltages(), NAMES), PLAIN)
    assert capfd.readouterr() == ("", "")


def test_the_header_of_a_person_goes_nowhere(tmp_path: Path) -> None:
    raw = eeg_files.raw(voltages(), NAMES)
    raw.info["subject_info"] = {"last_name": "ZQXname", "his_id": "ZQXid"}
    raw.info["experimenter"] = raw.info["description"] = "ZQXwho"
    raw.set_annotations(mne.Annotations([1, 2], [0, 0], ["ZQXremark", "ZQXother"]))
    raw.save(tmp_path / "a_raw.fif", verbose="ERROR")
    found = eeg.read(tmp_path / "a_raw.fif", PLAIN)
    assert b"ZQX" not in pickle.dumps(found)
    assert "ZQX" not in repr(found)


def test_options_have_a_command_line_each() -> None:
    assert {o.name for o in eeg.OPTIONS} == set(asdict(PLAIN))


def test_a_real_recording_gives_its_known_response(shared_data: Path) -> None:
    path = shared_data / "eeg-eeglab-visual" / "eeglab_data.set"
    found = eeg.read(path, PLAIN)
    assert found.timeseries is not None
    assert len(found.timeseries.codes) == 30
    assert not {"eog1", "eog2"} & set(found.timeseries.codes)
    square = next(m for m in found.maps if m.condition == "square")
    assert square.n_trials == 77
    assert square.t0_ms is not None
    assert square.dt_ms is not None
    for code, ms, uv in (("cz", 344, 13.7), ("pz", 430, 10.0), ("po8", 195, -6.9)):
        at = round((ms - square.t0_ms) / square.dt_ms)
        value = square.data[square.codes.index(code), at]
        assert value == pytest.approx(uv, abs=0.15)


def test_a_short_recording_of_bids_is_read(shared_data: Path) -> None:
    folder = shared_data / "bids-eeg-tiny" / "sub-01" / "ses-eeg" / "eeg"
    found = eeg.read(folder / "sub-01_ses-eeg_task-rest_eeg.vhdr", PLAIN)
    assert found.timeseries is not None
    assert found.recording.n_channels == 64
    assert found.parcellation.id == "standard_1005"
    assert found.timeseries.data.shape[1] == 256


def _peak_is_right(response: object) -> None:
    from atlasdb.types import ActivationMap

    assert isinstance(response, ActivationMap)
    assert response.t0_ms is not None
    assert response.dt_ms is not None
    row, column = np.unravel_index(np.abs(response.data).argmax(), response.data.shape)
    assert response.codes[row] == "pz"
    assert response.t0_ms + column * response.dt_ms == pytest.approx(300, abs=25)
    assert response.unit == "uV"
    assert response.q is not None
    assert response.q[row] < 0.001
