"""The office's tree of categories (Art. 5); `hotline list categories` shows it."""

from typing import Annotated

import typer
from hotline.intake.v1 import category_service_pb2 as categories

from hotline_cli.client import new_request_id
from hotline_cli.output import Format, Output, show
from hotline_cli.session import person

app = typer.Typer(no_args_is_help=True)

Category = Annotated[str, typer.Argument(help="categories/…, as `hotline list categories` names it")]
Label = Annotated[str, typer.Option(help="its own words, without /")]


@app.command()
def create(
    *,
    label: Label,
    parent: Annotated[str, typer.Option(help="below which one, categories/…; empty: on the first level")] = "",
    output: Output = Format.TEXT,
) -> None:
    """Add a category."""
    request = categories.CreateCategoryRequest(parent=parent, label=label, request_id=new_request_id())
    with person("office") as office:
        show(office.categories.CreateCategory(request), output)


@app.command()
def rename(category: Category, *, label: Label, output: Output = Format.TEXT) -> None:
    """Word a category anew; appeals keep the wording that they have."""
    request = categories.RenameCategoryRequest(name=category, label=label, request_id=new_request_id())
    with person("office") as office:
        show(office.categories.RenameCategory(request), output)


@app.command()
def retire(
    category: Category, *, reason: Annotated[str, typer.Option(help="why")], output: Output = Format.TEXT
) -> None:
    """Take a category and all below out of use; appeals keep theirs."""
    request = categories.RetireCategoryRequest(name=category, reason=reason, request_id=new_request_id())
    with person("office") as office:
        show(office.categories.RetireCategory(request), output)
