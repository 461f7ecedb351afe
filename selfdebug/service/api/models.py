"""Which models jobs may ask for."""

from fastapi import APIRouter, Response

from selfdebug.service.api.accept import offered
from selfdebug.service.api.body import StrictRoute
from selfdebug.service.api.caller import Someone
from selfdebug.service.api.openapi import errors
from selfdebug.service.api.service import Shared
from selfdebug.service.api.views import ModelsView, ModelView, answer

router = APIRouter(prefix="/v1", tags=["service"], route_class=StrictRoute)


@router.get(
    "/models",
    operation_id="listModels",
    summary="List the models",
    responses={200: {"description": "The models, the default first.", "model": ModelsView}, **errors()},
)
async def list_models(service: Shared, caller: Someone) -> Response:
    """The models that jobs may ask for."""
    default = service.settings.model
    return answer(ModelsView(tuple(ModelView(name, name == default) for name in offered(service.settings))))
