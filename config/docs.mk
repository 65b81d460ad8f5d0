# SPDX-License-Identifier: BSD-2-Clause
# Manual pages, from the docstrings of the public functions and from what the command says of itself.

run-man: all
	@$(RUN_ENV) python3 -B config/docs/man.py $(BIN) $(BUILD)/man
