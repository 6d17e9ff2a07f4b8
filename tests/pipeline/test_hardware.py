import pytest

from models.devices import Devices
from pipeline.hardware_settings import DEFAULT_MACHINE
from pipeline.loading import RecipeError, load_recipe
from pipeline.machines import ACCELERATORS, CLOUD_TPU, MACHINES, TOPOLOGIES
from pipeline.recipe import Recipe, shipped_recipes

BABYWEIGHT = shipped_recipes()['babyweight']
TUNED = 'tune={trials: 2, space: {dropout: [0.0, 0.1]}}'


def recipe(*overrides: str) -> Recipe:
    return load_recipe(BABYWEIGHT, overrides)


def test_the_names_of_accelerators_are_googles():
    from google.cloud.aiplatform_v1.types import AcceleratorType

    theirs = {a.name for a in AcceleratorType}
    assert set(ACCELERATORS) <= theirs
    not_offered = {'ACCELERATOR_TYPE_UNSPECIFIED', 'NVIDIA_TESLA_K80', 'TPU_V4_POD'}
    assert theirs - set(ACCELERATORS) == not_offered, 'is there a new one to offer?'


def test_machines_and_accelerators_know_each_other():
    for name, accelerator in ACCELERATORS.items():
        assert accelerator.machines, name
        assert set(accelerator.machines) - {CLOUD_TPU} <= set(MACHINES)
    for name, machine in MACHINES.items():
        if machine.accelerator:
            assert ACCELERATORS[machine.accelerator].machines[name] == (machine.count,)
    for name, topology in TOPOLOGIES.items():
        rows, columns = map(int, topology.split('x'))
        assert rows * columns == MACHINES[name].count


@pytest.mark.parametrize(
    ('hardware', 'machine'),
    [
        ('{}', DEFAULT_MACHINE),
        ('{accelerator: NVIDIA_L4}', 'g2-standard-4'),
        ('{accelerator: NVIDIA_L4, count: 2}', 'g2-standard-24'),
        ('{accelerator: NVIDIA_TESLA_T4}', 'n1-standard-4'),
        ('{accelerator: NVIDIA_TESLA_T4, machine: n1-highmem-16}', 'n1-highmem-16'),
        ('{accelerator: NVIDIA_TESLA_A100, count: 8}', 'a2-highgpu-8g'),
        ('{accelerator: TPU_V5_LITEPOD, count: 4, topology: 2x2}', 'ct5lp-hightpu-4t'),
        ('{accelerator: TPU_V3, count: 8}', CLOUD_TPU),
    ],
)
def test_the_smallest_machine_that_has_the_accelerators_is_taken(hardware: str, machine: str):
    assert recipe(f'hardware={hardware}').hardware.of_trainer().machine_type == machine


def test_what_training_is_told_follows_from_the_accelerator():
    hardware = recipe('hardware={accelerator: NVIDIA_TESLA_T4, count: 2, workers: 4}').hardware
    assert hardware.of_trainer().devices == Devices(
        accelerator='NVIDIA_TESLA_T4', kind='gpu', count=2, workers=4, precision='mixed_float16'
    )
    assert recipe().hardware.of_trainer().devices == Devices()


def test_trainer_and_tuner_differ_in_what_is_given_only():
    hardware = recipe(
        'hardware={accelerator: NVIDIA_TESLA_T4, count: 2, machine: n1-standard-16, spot: true, '
        'workers: 2, trainer: {spot: false}, tuner: {accelerator: NVIDIA_L4}}'
    ).hardware
    trainer, tuner = hardware.of_trainer(), hardware.of_tuner()
    assert (trainer.machine, trainer.count, trainer.workers) == ('n1-standard-16', 2, 2)
    assert not trainer.spot
    assert tuner.spot
    assert (tuner.machine_type, tuner.count, tuner.workers) == ('g2-standard-4', 1, 1)


@pytest.mark.parametrize(
    ('hardware', 'told'),
    [
        (
            '{accelerator: NVIDIA_TESLA_T5}',
            "hardware.accelerator: 'NVIDIA_TESLA_T5' is not an accelerator of Vertex; "
            "did you mean 'NVIDIA_TESLA_T4'? valid: NVIDIA_TESLA_T4, NVIDIA_TESLA_P4, ",
        ),
        (
            '{accelerator: L4}',
            "hardware.accelerator: 'L4' is not an accelerator of Vertex; did you mean 'NVIDIA_L4'?",
        ),
        (
            '{trainer: {accelerator: NVIDIA_V100}}',
            "hardware.trainer.accelerator: 'NVIDIA_V100' is not an accelerator of Vertex",
        ),
        (
            '{machine: n1-standart-8}',
            "hardware.machine: 'n1-standart-8' is not a machine type of Vertex; "
            "did you mean 'n1-standard-8'? valid: n1-standard-4, ",
        ),
        (
            '{accelerator: NVIDIA_L4, machine: n1-standard-8}',
            "hardware.machine: 'n1-standard-8' takes no NVIDIA_L4; valid: g2-standard-4, ",
        ),
        (
            '{accelerator: NVIDIA_L4, count: 3}',
            'hardware.count: 3 x NVIDIA_L4: machines take 1, 2, 4 or 8 of them; valid: 1, 2, 4, 8',
        ),
        (
            '{accelerator: NVIDIA_TESLA_T4, machine: n1-standard-64}',
            'hardware.count: 1 x NVIDIA_TESLA_T4: n1-standard-64 takes 4 of them; valid: 4',
        ),
        (
            '{machine: a2-highgpu-1g}',
            'hardware.accelerator: a2-highgpu-1g comes with NVIDIA_TESLA_A100; say so: ',
        ),
        ('{machine: cloud-tpu}', 'hardware.accelerator: cloud-tpu is of TPU_V2 or TPU_V3'),
        ('{count: 2}', 'hardware.count: 2 of no accelerator; name one, or leave out'),
        ('{topology: 2x2}', "hardware.topology: '2x2' is of TPUs; there are none"),
        (
            '{accelerator: TPU_V5_LITEPOD, count: 4, topology: 4x4}',
            "hardware.topology: '4x4' is not that of ct5lp-hightpu-4t; valid: 2x2",
        ),
        (
            '{accelerator: TPU_V5_LITEPOD, workers: 2}',
            'hardware.workers: 2 of TPUs are not supported; take a larger machine',
        ),
        (
            '{accelerator: NVIDIA_L4, count: 4, workers: 3}',
            'train.batch_size: 512 rows are not shared evenly by 12 devices (3 workers with 4 x '
            'NVIDIA_L4); valid: multiples of 12',
        ),
        ('{steps: {Trainer: {cpu: 2}}}', 'the machines of Trainer are under hardware.trainer'),
        ('{steps: {Transfrm: {cpu: 2}}}', "'Transfrm' is not a step; did you mean 'Transform'?"),
        ('{steps: {Transform: {cpu: 200}}}', 'hardware.steps.Transform.cpu: 200 is not'),
    ],
)
def test_what_vertex_does_not_have_is_told_in_one_line(hardware: str, told: str):
    with pytest.raises(RecipeError) as raised:
        recipe(f'hardware={hardware}')
    (fault,) = raised.value.faults
    assert told in fault
    assert '\n' not in fault


def test_a_trial_has_one_machine():
    with pytest.raises(RecipeError, match=r'hardware\.tuner\.workers: a trial trains on one'):
        recipe(TUNED, 'hardware={tuner: {workers: 2}}')
