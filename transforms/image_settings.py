"""How pictures become tensors, as a recipe gives it."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from transforms.features import Settings

Share = Annotated[float, Field(ge=0, lt=1)]


class Augmentation(Settings):
    """Random changes to the pictures of the train split, new in each epoch; 0 means none."""

    flip: Literal['none', 'horizontal', 'vertical', 'both'] = Field(
        'none', description='Mirror half of the pictures.'
    )
    rotate: float = Field(0.0, ge=0, le=180, description='Turn by up to so many degrees.')
    zoom: Share = Field(0.0, description='Scale by up to this share, larger or smaller.')
    crop: Share = Field(0.0, description='Cut away up to this share of height and of width.')
    brightness: Share = Field(0.0, description='Add up to this share of the full range.')
    contrast: Share = Field(0.0, description='Scale contrast by up to this share.')

    @property
    def changes_something(self) -> bool:
        """Whether any of it is on."""
        return self != Augmentation()


def _square(value: object) -> object:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


Side = Annotated[int, Field(ge=8, le=2048)]
Size = Annotated[tuple[Side, Side], BeforeValidator(_square, json_schema_input_type=int | list)]


class ImageInput(Settings):
    """What a model sees of a picture."""

    size: Size = Field((128, 128), description='Height and width in pixels, or one for both.')
    fit: Literal['pad', 'crop', 'stretch'] = Field(
        'pad',
        description='How a picture of another shape is made to fit. pad: all of it, black at two '
        'sides. crop: its middle. stretch: all of it, out of proportion.',
    )
    channels: Literal['rgb', 'gray'] = Field('rgb', description='Colours, or brightness alone.')
    augment: Augmentation = Augmentation()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return (*self.size, 3 if self.channels == 'rgb' else 1)
