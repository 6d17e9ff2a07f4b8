import pytest

from pipeline.loading import RecipeError, load_recipe
from pipeline.recipe import shipped_recipes

BABYWEIGHT = shipped_recipes()['babyweight']
KEY = 'projects/p/locations/europe-west4/keyRings/r/cryptoKeys/k'


def test_all_of_it_is_taken():
    vertex = load_recipe(
        BABYWEIGHT,
        [
            'vertex.project=my-project-123',
            'vertex.region=europe-west4',
            'vertex.service_account=trainer@my-project-123.iam.gserviceaccount.com',
            'vertex.network=projects/123456/global/networks/default',
            f'vertex.encryption_key={KEY}',
            'vertex.labels={team: growth, cost-center: "42"}',
        ],
    ).vertex
    assert vertex
    assert vertex.encryption_key == KEY
    assert vertex.labels == {'team': 'growth', 'cost-center': '42'}


@pytest.mark.parametrize(
    ('override', 'told'),
    [
        ('vertex.project=My_Project', "vertex.project: 'My_Project' is not allowed: Google Cloud"),
        ('vertex.region=Europe', "vertex.region: 'Europe' is not allowed: Region of Vertex"),
        ('vertex.service_account=trainer', "vertex.service_account: 'trainer' is not allowed"),
        (
            'vertex.network=projects/my-project-123/global/networks/default',
            'is not allowed: VPC network that steps are peered with, by the project number',
        ),
        ('vertex.encryption_key=k', "vertex.encryption_key: 'k' is not allowed: Your own key"),
        (
            f'vertex.encryption_key={KEY}',
            "is of 'europe-west4', and Vertex takes keys of its own region only: 'us-central1'",
        ),
        ('vertex.labels={Team: a}', "vertex.labels: the key 'Team' is not allowed: a-z first"),
        ('vertex.labels={team: A b}', "vertex.labels: team: 'A b' is not allowed: a-z, 0-9"),
        ('vertex.labels={team: 1}', 'vertex.labels.team: 1 is not a string; quote it'),
    ],
)
def test_faults_are_told_in_one_line(override: str, told: str):
    with pytest.raises(RecipeError) as raised:
        load_recipe(BABYWEIGHT, [override])
    (fault,) = raised.value.faults
    assert told in fault
    assert '\n' not in fault


def test_more_labels_than_google_takes_are_refused():
    labels = ', '.join(f'l{n}: x' for n in range(65))
    with pytest.raises(RecipeError, match=r'vertex\.labels: 65 labels; Google Cloud takes 64'):
        load_recipe(BABYWEIGHT, [f'vertex.labels={{{labels}}}'])
