PYTHON ?= python3

.PHONY: run fleet judge-big judge-small test lint bench-live bench-chat bench-payments bench-deliveries bench-judge

run fleet judge-big judge-small test lint:
	@command -v $(PYTHON) >/dev/null || { echo "chowk: $(PYTHON) is missing. Fix: sudo apt-get install python3" >&2; exit 1; }
	@exec $(PYTHON) config/bootstrap.py $@

bench-live:
	@.venv/bin/python -m bench.live

bench-chat:
	@.venv/bin/python -m bench.chat --sqlite
	@.venv/bin/python -m bench.chat --postgresql

bench-payments:
	@.venv/bin/python -m bench.payments

bench-deliveries:
	@.venv/bin/python bench/deliveries.py

bench-judge:
	@.venv/bin/python bench/judge.py
