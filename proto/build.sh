#!/bin/sh
# Lints the contract, compares it with the last release, and generates Python into proto/gen/ (never committed).
# Usage: proto/build.sh PYTHON   (an interpreter that has requirements/dev.txt)
set -eu
cd "$(dirname "$0")"
python=$1
bin=$(dirname "$python")
site=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
for part in rpc type; do
  mkdir -p "gen/include/google/$part"
  cp "$site/google/$part/"*.proto "gen/include/google/$part/"
done
new=$(mktemp -d -p gen)  # what stands is replaced only by what passed
trap 'rm -rf "$new"' EXIT

"$bin/buf" lint --path hotline
"$bin/buf" format --diff --exit-code --path hotline
if [ -f released.binpb ]; then
  "$bin/buf" breaking --path hotline --against released.binpb
fi

"$python" -m grpc_tools.protoc \
  -I . -I third_party -I gen/include \
  --plugin=protoc-gen-mypy="$bin/protoc-gen-mypy" --plugin=protoc-gen-mypy_grpc="$bin/protoc-gen-mypy_grpc" \
  --python_out="$new" --mypy_out="quiet:$new" \
  --grpc_python_out="$new" --mypy_grpc_out="quiet:$new" \
  $(find hotline third_party/buf -name '*.proto' | sed 's|^third_party/||' | sort)
# Packages need no code of their own; py.typed tells mypy that they are typed.
find "$new" -mindepth 1 -type d -exec touch {}/__init__.py \;
touch "$new/hotline/py.typed" "$new/buf/py.typed"
chmod 755 "$new"
rm -rf gen/python
mv "$new" gen/python
