# What a host gets besides the program, its man pages and completions.
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = packaging/sysusers.d/brindle.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
dist_tmpfiles_DATA = packaging/tmpfiles.d/brindle.conf
systemunitdir = $(prefix)/lib/systemd/system
configdir = $(sysconfdir)/brindle
EXTRA_DIST += packaging/brindled.service packaging/brindled.socket packaging/brindle.conf

# The unit names the program where it really is. A configuration that is there
# already is somebody's: it stays, and goes only when it was never changed.
install-data-local:
	$(AM_V_at)$(MKDIR_P) "$(DESTDIR)$(systemunitdir)" "$(DESTDIR)$(configdir)"
	sed 's|/usr/bin/brindle|$(bindir)/brindle|' \
		$(srcdir)/packaging/brindled.service \
		> "$(DESTDIR)$(systemunitdir)/brindled.service"
	$(INSTALL_DATA) $(srcdir)/packaging/brindled.socket \
		"$(DESTDIR)$(systemunitdir)/brindled.socket"
	test -e "$(DESTDIR)$(configdir)/brindle.conf" || \
		$(INSTALL_DATA) $(srcdir)/packaging/brindle.conf \
			"$(DESTDIR)$(configdir)/brindle.conf"

uninstall-local:
	rm -f "$(DESTDIR)$(systemunitdir)/brindled.service" \
		"$(DESTDIR)$(systemunitdir)/brindled.socket"
	! cmp -s $(srcdir)/packaging/brindle.conf \
		"$(DESTDIR)$(configdir)/brindle.conf" || \
		rm -f "$(DESTDIR)$(configdir)/brindle.conf"
