"""What machines and queries cost, by a dated table of list prices."""

from datetime import date
from pathlib import Path

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pipeline.machines import MACHINES
from transforms.features import Settings

TABLE = Path(__file__).with_name('prices.yaml')
TIB = 2**40


class PricesError(ValueError):
    """A table of prices that can't be used; one line."""


class Family(Settings):
    """What machines of a family cost."""

    cpu: float = Field(ge=0, description='Of a virtual CPU, per hour.')
    gb: float = Field(ge=0, description='Of a gigabyte of memory, per hour.')


class Prices(Settings):
    """List prices in US dollars."""

    as_of: date = Field(description='Day that they are of.')
    region: str = Field(description='Region that they are of.')
    sources: dict[str, str] = Field(description='Pages that they are from.')
    pipeline_run: float = Field(ge=0, description='Of one run of a pipeline.')
    bigquery_tib: float = Field(ge=0, description='Of a TiB that a query scans.')
    spot: float = Field(ge=0, le=1, description='Share of the price that spot machines cost.')
    families: dict[str, Family] = Field(description='Machines by family.')
    accelerators: dict[str, float] = Field(description='Each, per hour.')

    def of_query(self, scanned: int) -> float:
        """Return what a query costs that scans so many bytes."""
        return scanned / TIB * self.bigquery_tib

    def of_machine(
        self, machine: str, accelerator: str | None = None, count: int = 0, spot: bool = False
    ) -> float | None:
        """Return what a machine costs per hour; None: the table doesn't have it.

        Args:
          machine: Its type.
          accelerator: What is attached to it, or built in.
          count: How many of it.
          spot: Whether it may be withdrawn.
        """
        family = self.families.get(machine.partition('-')[0])
        size = MACHINES.get(machine)
        built_in = size.accelerator if size else None
        name, number = (built_in, size.count) if size and built_in else (accelerator, count)
        if name and name.startswith('TPU') and name in self.accelerators:
            price = self.accelerators[name] * number  # the machine is in it
        elif family is None or size is None or (name and name not in self.accelerators):
            return None
        else:
            price = size.cpus * family.cpu + size.memory * family.gb
            price += self.accelerators[name] * number if name else 0.0
        return price * (self.spot if spot else 1.0)


def load_prices(path: Path = TABLE) -> Prices:
    """Read a table of prices.

    Raises:
      PricesError: It can't be read, or is none.
    """
    try:
        return Prices.model_validate(YAML(typ='safe', pure=True).load(path.read_text('utf-8')))
    except OSError as error:
        raise PricesError(f'{path}: cannot be read: {error.strerror}') from None
    except YAMLError as error:
        raise PricesError(f'{path}: no YAML: {str(error).splitlines()[0]}') from None
    except ValidationError as error:
        fault = error.errors()[0]
        at = '.'.join(map(str, fault['loc']))
        raise PricesError(f'{path}: {at}: {fault["msg"].lower()}') from None
