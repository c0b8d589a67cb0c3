#!/bin/bash -eu
# Builds the fuzzers into $OUT with the compiler, the flags and the engine of OSS-Fuzz, which sets
# SRC, OUT, WORK, CC, CXX, CFLAGS, CXXFLAGS and LIB_FUZZING_ENGINE.
source=$SRC/uvspdy
build=$WORK/uvspdy

if [ -d "$SRC/yaml-cpp" ]; then
  cmake -S "$SRC/yaml-cpp" -B "$WORK/yaml-cpp" -DCMAKE_INSTALL_PREFIX="$WORK/installed" \
    -DCMAKE_BUILD_TYPE=Release -DYAML_BUILD_SHARED_LIBS=OFF -DYAML_CPP_BUILD_TESTS=OFF \
    -DYAML_CPP_BUILD_TOOLS=OFF
  cmake --build "$WORK/yaml-cpp" --target install --parallel "$(nproc)"
  export PKG_CONFIG_PATH=$WORK/installed/lib/pkgconfig:$WORK/installed/share/pkgconfig
fi

# Where the fuzzers run there are no libraries but those of $OUT/lib.
export LDFLAGS="${LDFLAGS:-} -Wl,-rpath,\$ORIGIN/lib"

rm -rf "$build"
meson setup "$build" "$source" -Dbuildtype=plain -Dfuzzers=true \
  -Dfuzzing_engine="$LIB_FUZZING_ENGINE" -Dtests=false -Dtools=false -Ddefault_library=static \
  -Db_lundef=false
ninja -C "$build" fuzzers
python3 "$source/test/fuzz/oss-fuzz/pack.py" "$build" "$OUT"
