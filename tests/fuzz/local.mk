# A fuzz target: fuzz_targets += tests/fuzz/fuzz_x, and its _SOURCES.
# Seeds lie in tests/fuzz/corpus/x/.
EXTRA_DIST += tests/fuzz/run.sh

fuzz_targets += tests/fuzz/fuzz_perf_record
tests_fuzz_fuzz_perf_record_SOURCES = tests/fuzz/fuzz_perf_record.c
EXTRA_DIST += tests/fuzz/corpus/perf_record

fuzz_targets += tests/fuzz/fuzz_demangle tests/fuzz/fuzz_maps \
	tests/fuzz/fuzz_symbols
tests_fuzz_fuzz_demangle_SOURCES = tests/fuzz/fuzz_demangle.c
tests_fuzz_fuzz_maps_SOURCES = tests/fuzz/fuzz_maps.c
tests_fuzz_fuzz_symbols_SOURCES = tests/fuzz/fuzz_symbols.c
EXTRA_DIST += tests/fuzz/corpus/demangle tests/fuzz/corpus/maps \
	tests/fuzz/corpus/symbols

fuzz_targets += tests/fuzz/fuzz_python_image
tests_fuzz_fuzz_python_image_SOURCES = tests/fuzz/fuzz_python_image.c \
	tests/unwind/python/fake_memory.h
EXTRA_DIST += tests/fuzz/corpus/python_image

fuzz_targets += tests/fuzz/fuzz_python_binary
tests_fuzz_fuzz_python_binary_SOURCES = tests/fuzz/fuzz_python_binary.c
EXTRA_DIST += tests/fuzz/corpus/python_binary tests/fuzz/python_binary.S

fuzz_targets += tests/fuzz/fuzz_sample_file
tests_fuzz_fuzz_sample_file_SOURCES = tests/fuzz/fuzz_sample_file.c
EXTRA_DIST += tests/fuzz/corpus/sample_file

fuzz_targets += tests/fuzz/fuzz_config
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c
EXTRA_DIST += tests/fuzz/corpus/config

fuzz_targets += tests/fuzz/fuzz_labels
tests_fuzz_fuzz_labels_SOURCES = tests/fuzz/fuzz_labels.c
EXTRA_DIST += tests/fuzz/corpus/labels

fuzz_targets += tests/fuzz/fuzz_broker
tests_fuzz_fuzz_broker_SOURCES = tests/fuzz/fuzz_broker.c
EXTRA_DIST += tests/fuzz/corpus/broker

fuzz_targets += tests/fuzz/fuzz_rollup
tests_fuzz_fuzz_rollup_SOURCES = tests/fuzz/fuzz_rollup.c
EXTRA_DIST += tests/fuzz/corpus/rollup

fuzz_targets += tests/fuzz/fuzz_query_message tests/fuzz/fuzz_schema_comment
tests_fuzz_fuzz_query_message_SOURCES = tests/fuzz/fuzz_query_message.c
tests_fuzz_fuzz_schema_comment_SOURCES = tests/fuzz/fuzz_schema_comment.c
EXTRA_DIST += tests/fuzz/corpus/query_message tests/fuzz/corpus/schema_comment

fuzz_targets += tests/fuzz/fuzz_http_request
tests_fuzz_fuzz_http_request_SOURCES = tests/fuzz/fuzz_http_request.c
EXTRA_DIST += tests/fuzz/corpus/http_request
