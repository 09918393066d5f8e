"""CategoryService: translates, nothing more."""

from collections.abc import Callable

from google.protobuf.message import Message
from hotline.intake.v1 import category_pb2
from hotline.intake.v1 import category_service_pb2 as service_pb2
from hotline_kernel.call import Call
from hotline_kernel.clock import Clock
from hotline_kernel.db import Commands, Database
from hotline_kernel.names import uuid_of
from hotline_kernel.paging import Page

from hotline_intake.adapters.messages import category_message
from hotline_intake.adapters.postgres import Store
from hotline_intake.domain.category import Category
from hotline_intake.handlers import categories as handlers
from hotline_intake.handlers.ports import Trees


class CategoryServicer:
    """One method for each RPC."""

    def __init__(self, *, database: Database[Store], clock: Clock, trees: Trees) -> None:
        self._database = database
        self._commands = Commands(database)
        self._clock = clock
        self._trees = trees

    def GetCategory(self, request: service_pb2.GetCategoryRequest, call: Call) -> category_pb2.Category:
        with self._database.transaction(actor=call.principal) as tx:
            tree = self._trees.tree(version=tx.tree_version(), tx=tx)
        return category_message(tree.category(category_id=uuid_of(request.name)))

    def ListCategories(
        self, request: service_pb2.ListCategoriesRequest, call: Call
    ) -> service_pb2.ListCategoriesResponse:
        page = Page.read(request)
        with self._database.transaction(actor=call.principal) as tx:
            version, found = handlers.list_categories(
                tree_version=request.tree_version,
                parent_id=uuid_of(request.parent, field="parent") if request.parent else None,
                with_retired=request.with_retired,
                tx=tx,
                trees=self._trees,
            )
        after = page.after_text()
        rest = [each for each in found if _position(each) > after][: page.size + 1]
        kept, token = page.cut(rest, key=lambda each: [_position(each)])
        return service_pb2.ListCategoriesResponse(
            categories=[category_message(each) for each in kept], next_page_token=token, tree_version=version
        )

    def CreateCategory(self, request: service_pb2.CreateCategoryRequest, call: Call) -> category_pb2.Category:
        return self._change(
            request,
            call,
            lambda tx: handlers.create_category(
                parent_id=uuid_of(request.parent, field="parent") if request.parent else None,
                label=request.label,
                permission=call.permission,
                tx=tx,
                trees=self._trees,
                now=self._clock.now(),
            ),
        )

    def RenameCategory(self, request: service_pb2.RenameCategoryRequest, call: Call) -> category_pb2.Category:
        return self._change(
            request,
            call,
            lambda tx: handlers.rename_category(
                category_id=uuid_of(request.name),
                etag=request.etag,
                label=request.label,
                permission=call.permission,
                tx=tx,
                trees=self._trees,
                now=self._clock.now(),
            ),
        )

    def RetireCategory(self, request: service_pb2.RetireCategoryRequest, call: Call) -> category_pb2.Category:
        return self._change(
            request,
            call,
            lambda tx: handlers.retire_category(
                category_id=uuid_of(request.name),
                etag=request.etag,
                reason=request.reason,
                permission=call.permission,
                tx=tx,
                trees=self._trees,
                now=self._clock.now(),
            ),
        )

    def _change(self, request: Message, call: Call, work: Callable[[Store], Category]) -> category_pb2.Category:
        return self._commands.run(request, call, category_pb2.Category, lambda tx: category_message(work(tx)))


def _position(category: Category) -> str:
    return f"{category.path} {category.id}"
