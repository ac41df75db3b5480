"""``atlasdb compare``: patients against controls."""

from __future__ import annotations

import click

from atlasdb.cli import Session
from atlasdb.cli.output import format_option, show


@click.command()
@click.argument("cohort_a")
@click.argument("cohort_b")
@click.option(
    "--covariates",
    default="",
    metavar="NAMES",
    help="Properties of subjects to regress out, with commas: age_years,sex,site.",
)
@click.option("--modality", help="Which connectomes, where people have several.")
@click.option(
    "--alpha", default=0.05, show_default=True, help="False discovery rate, 0 to 1."
)
@click.option(
    "--allow-mixed",
    is_flag=True,
    help="Compare connectomes that were not made the same way.",
)
@format_option
@click.pass_obj
def compare(
    session: Session,
    cohort_a: str,
    cohort_b: str,
    covariates: str,
    modality: str | None,
    alpha: float,
    allow_mixed: bool,
    output_format: str,
) -> None:
    """Compare two cohorts, connection by connection.

    Lists the connections that differ after the correction; none is an answer. The
    whole result stays in the atlas as a Contrast.

    Example: atlasdb compare patients controls --covariates age_years,sex
    """
    names = [name.strip() for name in covariates.split(",") if name.strip()]
    with session.open() as atlas:
        frame = atlas.compare(
            cohort_a,
            cohort_b,
            covariates=names,
            modality=modality,
            alpha=alpha,
            allow_mixed=allow_mixed,
        )
    said = frame.attrs
    click.echo(
        f"{len(frame)} of {said['n_tested']} connections differ at q < {alpha:g} "
        f"({said['n_a']} {cohort_a}, {said['n_b']} {cohort_b}); smallest q "
        f"{said['smallest_q']:.3g}. With these numbers an effect of "
        f"{said['detectable_effect']:.2f} standard deviations at one connection is "
        "seen in 8 of 10 studies after Bonferroni correction.",
        err=True,
    )
    show(frame, output_format)
