"""``atlasdb train``: make the network of the amortised engine anew."""

from __future__ import annotations

from pathlib import Path

import click

from atlasdb.cli.asking import seed_option


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@seed_option
@click.option(
    "--groups",
    type=click.IntRange(min=2),
    help="Groups of simulated brains [as the shipped network].",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    help="Training steps [as the shipped network].",
)
@click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, cuda or mps."
)
@click.option(
    "--log-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write the loss of each step to, for TensorBoard.",
)
def command(
    out: Path,
    seed: int,
    groups: int | None,
    steps: int | None,
    device: str,
    log_dir: Path | None,
) -> None:
    """Simulate brains, learn to read their connections, write the network to OUT.

    Example: atlasdb train amortised.safetensors

    The same seed gives the same network, on the CPU and with the same version of
    torch. What is shipped was made by this command.
    """
    from atlasdb_ingest.learning import amortise

    amortise.train(
        out,
        seed=seed,
        n_groups=groups or amortise.N_GROUPS,
        n_steps=steps or amortise.N_STEPS,
        device=device,
        log_dir=log_dir,
    )
    click.echo(out)
