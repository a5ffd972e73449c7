package appliance_test

import (
	"slices"
	"sync"
	"testing"

	"carnet.dev/carnet/carnettest"
)

// callers are as many as call at once.
const callers = 200

// rush has all callers run the operation at once; each must get what it asks for. Meanwhile something happens.
func (u use) rush(t *testing.T, c *carnettest.Carnet, meanwhile func()) {
	t.Helper()
	var all sync.WaitGroup
	ready := make(chan struct{})
	for range callers {
		all.Go(func() {
			<-ready
			u.run(t, c)
		})
	}
	close(ready)
	meanwhile()
	all.Wait()
}

// Two hundred callers share one session, all that the account may have (failure mode 37): they find it dead together, time and again,
// and one of them gets the next, by a refresh where there is one and it may still be refreshed.
func TestCarnetSharesOneSessionUnderLoad(t *testing.T) {
	const rounds = 6
	eachUse(t, func(t *testing.T, u use) {
		u.options.Sessions = 1
		m, c := u.integrate(t, nil)
		u.rush(t, c, func() {})
		for range rounds {
			m.forward(shipped[u.name])
			u.rush(t, c, func() {})
		}
		s := m.Stats()
		refreshes := map[string]int{"fmc": rounds - 1}[u.name] // three, a login, and two; others refresh what lives alone
		if s.Logins != 1+rounds-refreshes || s.Refreshes != refreshes || s.Calls != callers*(1+rounds) {
			t.Errorf("%d logins, %d refreshes, %d calls", s.Logins, s.Refreshes, s.Calls)
		}
		m.open(1)
	})
}

// An administrator ends the session: one login replaces it, whoever finds out first.
func TestCarnetLogsInOnceUnderLoad(t *testing.T) {
	eachUse(t, func(t *testing.T, u use) {
		u.options.Sessions = 1
		m, c := u.integrate(t, nil)
		u.run(t, c)
		m.EndSessions()
		u.rush(t, c, func() {})
		m.loggedIn(2)
		m.open(1)
	})
}

// Where a missing right looks like a dead session, two hundred callers without it cost a login or two until that is known, not one each
// (failure modes 24 and 36).
func TestCarnetMissesARightUnderLoad(t *testing.T) {
	u := uses[slices.IndexFunc(uses, func(u use) bool { return u.name == "fortimanager" })]
	m, c := u.integrate(t, nil)
	u.run(t, c)
	u.task, u.has = posting(`{"id": 4, "method": "get", "params": [{"url": "/cli/global/system/admin/user"}]}`), `"code":-11`
	u.rush(t, c, func() {})
	if n := m.Stats().Logins; n > 4 {
		t.Errorf("%d logins", n)
	} else {
		u.rush(t, c, func() {})
		m.loggedIn(n)
	}
	m.open(1)
}

// A session that is replaced while others use it is logged out, so that no more are open than the account may have: one that is, and
// one that comes. Who still used the old one repeats with the new.
func TestCarnetReplacesASessionUnderLoad(t *testing.T) {
	eachUse(t, func(t *testing.T, u use) {
		u.options.Sessions = max(u.stays, 2)
		m, c := u.integrate(t, nil)
		u.run(t, c)
		before := m.Stats()
		u.rush(t, c, func() {
			if _, err := c.RenewToken(t.Context(), "it", ""); err != nil {
				t.Errorf("renewing: %v; refused were %q", err, m.Stats().Refusals)
			}
		})
		after := m.Stats()
		if n := after.Logins + after.Refreshes - before.Logins - before.Refreshes; n < 1 || n > 2 || after.Calls != before.Calls+callers {
			t.Errorf("%d logins and refreshes, %d calls; refused were %q", n, after.Calls, after.Refusals)
		}
		if u.stays == 0 {
			m.open(1)
		}
	})
}

// Deleting the integration logs out, whoever is calling: no session stays behind.
func TestCarnetLogsOutUnderLoad(t *testing.T) {
	eachUse(t, func(t *testing.T, u use) {
		if u.stays > 0 {
			t.Skip("there is no logout")
		}
		m, c := u.integrate(t, nil)
		u.run(t, c)
		var all sync.WaitGroup
		for range callers {
			all.Go(func() { _, _ = c.RunOperation(t.Context(), "it", u.operation, u.task) }) // some come too late
		}
		if err := c.DeleteIntegration(t.Context(), "it"); err != nil {
			t.Error(err)
		}
		all.Wait()
		if s := m.Stats(); s.Open != 0 {
			t.Errorf("%d sessions stay behind; %d logins, %d logouts", s.Open, s.Logins, s.Logouts)
		}
	})
}
