import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from google.api_core import exceptions
from google.cloud.storage import Bucket, Client

from tests.fakes.http import TOKEN
from tests.fakes.universe import Universe

API = 'https://storage.googleapis.com/storage/v1'
SIGNED = {'Authorization': f'Bearer {TOKEN}'}


@pytest.fixture
def bucket(universe: Universe) -> Bucket:
    return Client().create_bucket('a-bucket')


def test_a_bucket_is_a_folder_and_an_object_a_file(universe: Universe, bucket: Bucket):
    bucket.blob('a/b c.txt').upload_from_string('hello')
    assert (universe.world.buckets / 'a-bucket/a/b c.txt').read_text() == 'hello'
    (universe.world.buckets / 'a-bucket/by hand').write_bytes(b'here')
    assert bucket.blob('by hand').download_as_bytes() == b'here'
    assert [bucket.name for bucket in bucket.client.list_buckets()] == ['a-bucket']


def test_what_is_said_of_an_object_is_kept(bucket: Bucket):
    blob = bucket.blob('x')
    blob.metadata = {'k': 'v'}
    blob.upload_from_string('1', content_type='text/plain')
    found = bucket.get_blob('x')
    assert (found.metadata, found.content_type, found.size) == ({'k': 'v'}, 'text/plain', 1)
    found.metadata = {'k': None, 'l': 'w'}
    found.patch()
    assert bucket.get_blob('x').metadata == {'l': 'w'}
    assert bucket.get_blob('x').metageneration == 2
    blob.upload_from_string('2')
    assert bucket.get_blob('x').generation > found.generation


def test_a_large_object_comes_and_goes_in_parts(bucket: Bucket):
    data = os.urandom(3 * 2**20 + 17)
    bucket.blob('big', chunk_size=2**20).upload_from_string(data)
    assert bucket.blob('big').download_as_bytes() == data
    assert bucket.blob('big', chunk_size=2**20).download_as_bytes(checksum=None) == data
    assert bucket.blob('big').download_as_bytes(start=5, end=9) == data[5:10]


def test_listing_folds_at_the_delimiter_and_goes_in_pages(bucket: Bucket):
    for name in ('a/1', 'a/2', 'b', 'c/', 'c/3'):
        bucket.blob(name).upload_from_string('')
    listed = bucket.client.list_blobs('a-bucket', delimiter='/', page_size=2)
    assert [blob.name for blob in listed] == ['b']
    assert listed.prefixes == {'a/', 'c/'}
    assert [b.name for b in bucket.client.list_blobs('a-bucket', page_size=2)] == [
        'a/1', 'a/2', 'b', 'c/', 'c/3',
    ]  # fmt: skip
    assert [b.name for b in bucket.client.list_blobs('a-bucket', prefix='c/')] == ['c/', 'c/3']


def test_objects_are_copied_composed_renamed_and_removed_in_a_batch(bucket: Bucket):
    one, two = bucket.blob('one'), bucket.blob('two')
    one.upload_from_string('1')
    two.upload_from_string('2')
    bucket.blob('both').compose([one, two])
    assert bucket.blob('both').download_as_bytes() == b'12'
    bucket.copy_blob(one, bucket, 'three')
    bucket.rename_blob(two, 'folder/four')
    with bucket.client.batch():
        one.delete()
        bucket.blob('three').delete()
    assert [b.name for b in bucket.list_blobs()] == ['both', 'folder/four']


def test_conditions_are_held(bucket: Bucket):
    blob = bucket.blob('x')
    blob.upload_from_string('1', if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.upload_from_string('2', if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.delete(if_generation_match=blob.generation - 1)
    assert blob.download_as_bytes() == b'1'


def test_what_is_not_there_is_not_found(universe: Universe, bucket: Bucket):
    with pytest.raises(exceptions.NotFound, match='No such object: a-bucket/nope'):
        bucket.blob('nope').download_as_bytes()
    with pytest.raises(exceptions.NotFound):
        bucket.blob('nope').delete()
    with pytest.raises(exceptions.NotFound, match='bucket does not exist'):
        bucket.client.bucket('no-bucket').blob('x').upload_from_string('1')
    with pytest.raises(exceptions.NotFound):
        list(bucket.client.list_blobs('no-bucket'))


def test_calls_out_of_order_are_refused(bucket: Bucket):
    bucket.blob('x').upload_from_string('1')
    with pytest.raises(exceptions.Conflict, match='not empty'):
        bucket.delete()
    with pytest.raises(exceptions.Conflict, match='already own it'):
        bucket.client.create_bucket('a-bucket')
    bucket.blob('x').delete()
    bucket.delete()
    assert not bucket.exists()


def test_bad_requests_are_refused(universe: Universe, bucket: Bucket):
    def post(path: str, **more):
        answer = requests.post(f'https://storage.googleapis.com{path}', headers=SIGNED, **more)
        return answer.json()['error']['message']

    upload = '/upload/storage/v1/b/a-bucket/o?uploadType'
    assert 'Unknown name "nonsense"' in post(f'{upload}=media&name=x&nonsense=1')
    assert 'Invalid upload type' in post(f'{upload}=pigeon&name=x')
    assert 'Unknown name "colour"' in post(f'{upload}=resumable&name=x', json={'colour': 1})
    listing = requests.get(f'{API}/b/a-bucket/o?maxResults=many', headers=SIGNED)
    assert listing.status_code == 400
    assert "Invalid value at 'maxResults'" in listing.json()['error']['message']
    assert requests.get(f'{API}/b/a-bucket/nonsense', headers=SIGNED).status_code == 404


def test_a_wrong_checksum_is_refused_and_nothing_written(bucket: Bucket):
    blob = bucket.blob('x')
    blob.md5_hash = 'AAAAAAAAAAAAAAAAAAAAAA=='
    with pytest.raises(exceptions.BadRequest, match="doesn't match"):
        blob.upload_from_string('1')
    assert not blob.exists()


def test_who_shows_no_token_is_refused(bucket: Bucket):
    assert requests.get(f'{API}/b/a-bucket').status_code == 401


def test_objects_outlive_the_stand_ins(tmp_path: Path):
    generations = []
    for turn in range(2):
        with Universe(tmp_path) as opened, opened.here():
            client = Client()
            if not turn:
                blob = client.create_bucket('a-bucket').blob('x')
                blob.upload_from_string('1', content_type='text/csv')
            found = client.bucket('a-bucket').get_blob('x')
            assert found.content_type == 'text/csv'
            generations.append(found.generation)
    assert generations[0] == generations[1]


TENSORFLOW = """
import tensorflow as tf
g = tf.io.gfile
g.makedirs('gs://a-bucket/dir/sub')
with g.GFile('gs://a-bucket/dir/sub/x', 'wb') as f: f.write(b'abc' * 100_000)
assert g.GFile('gs://a-bucket/dir/sub/x', 'rb').read() == b'abc' * 100_000
assert g.listdir('gs://a-bucket/dir') == ['sub/'], g.listdir('gs://a-bucket/dir')
assert g.glob('gs://a-bucket/dir/*/x') == ['gs://a-bucket/dir/sub/x']
assert g.stat('gs://a-bucket/dir/sub/x').length == 300_000
with tf.io.TFRecordWriter('gs://a-bucket/r') as w: w.write(b'record')
g.rename('gs://a-bucket/r', 'gs://a-bucket/s')
g.copy('gs://a-bucket/s', 'gs://a-bucket/t')
assert list(tf.data.TFRecordDataset('gs://a-bucket/t').as_numpy_iterator()) == [b'record']
assert g.isdir('gs://a-bucket/dir') and not g.exists('gs://a-bucket/r')
g.rmtree('gs://a-bucket/dir')
assert not g.exists('gs://a-bucket/dir/sub/x')
module = tf.Module()
module.v = tf.Variable(7.0)
tf.saved_model.save(module, 'gs://a-bucket/model')
assert tf.saved_model.load('gs://a-bucket/model').v.numpy() == 7
print('as on Google Cloud')
"""


def test_tensorflow_reads_and_writes_as_on_google_cloud(universe: Universe):
    (universe.world.buckets / 'a-bucket').mkdir()
    ran = subprocess.run(
        [sys.executable, '-c', TENSORFLOW], env=universe.environ(), capture_output=True, text=True
    )
    assert ran.stdout.strip() == 'as on Google Cloud', ran.stderr[-2000:]
    assert not universe.refused
