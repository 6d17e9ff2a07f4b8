"""Stand-ins for Google Cloud's services, which unmodified clients talk to.

They are reached by environment variables alone: a proxy, a certificate authority and a metadata
server. In a test of your own:

    with Universe(tmp_path) as universe:
        subprocess.run(command, env=universe.environ())

TensorFlow's own file system holds Python's lock while it waits for an answer: what uses it must be
another process than the one that has the stand-ins.

For child processes that outlive a test: `python -m tests.fakes --root DIR`.
"""
