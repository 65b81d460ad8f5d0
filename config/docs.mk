# SPDX-License-Identifier: BSD-2-Clause
# Manual pages and the site, from the docstrings of the public functions, the pages of docs and what the library says of itself.

run-man: all
	@$(RUN_ENV) python3 -B config/docs/man.py $(BIN) $(BUILD)/man

# The example has a Tao, whose options are part of the reference.
run-docs: all $(BUILD)/examples/gradient/gradient
	@$(RUN_ENV) python3 -B config/docs/site.py $(BIN) $(BUILD)/examples/gradient/gradient $(BUILD)/docs/source
	@for python in python3 /usr/bin/python3; do \
	  if $$python -c 'import sphinx, myst_parser' 2>/dev/null; then \
	    $$python -B -m sphinx -q -W --keep-going -b html -c config/docs -d $(BUILD)/docs/cache -j auto $(BUILD)/docs/source $(BUILD)/docs/html; \
	    exit; fi; done; \
	echo 'No python3 has the modules sphinx and myst_parser: `config/setup.sh docs` installs them or says how'; exit 1
	@python3 -B config/docs/links.py $(BUILD)/docs/html
	@echo 'The site begins with $(BUILD)/docs/html/index.html'
