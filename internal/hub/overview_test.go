package hub_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"carnet.dev/carnet/api"
	"carnet.dev/carnet/carnettest"
)

// TestOverview: what is done here is seen at once, and a mended integration is no longer shown as broken.
func TestOverview(t *testing.T) {
	s := newStory(t, carnettest.ProviderOptions{})
	for _, name := range []string{"key", "new"} {
		if _, err := s.CreateIntegration(t.Context(), api.Integration{Name: name, Model: "Carnet Shipping:1.0.0"}); err != nil {
			t.Fatal(err)
		}
	}
	look := func(q api.OverviewQuery, want ...string) api.Overview {
		t.Helper()
		o, err := s.Overview(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, i := range o.Integrations {
			got = append(got, i.Name+" "+i.State)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		return o
	}
	look(api.OverviewQuery{}, "desk empty", "key incomplete", "new incomplete", "robot empty")
	s.run("desk")
	s.set("key", map[string]string{"apiKey.value": "x"})
	s.set("robot", map[string]string{"clientAuth.client_secret": "wrong"})
	if _, err := s.RunOperation(t.Context(), "robot", "whoAmI", api.Task{}); err == nil {
		t.Fatal("a wrong secret was good enough")
	}
	s.set("new", map[string]string{"version": "2"}) // whatever is changed here: the next look is a new one
	o := look(api.OverviewQuery{}, "desk fresh", "key static", "new incomplete", "robot broken")
	if diff := cmp.Diff(map[string]int{"fresh": 1, "static": 1, "incomplete": 1, "broken": 1}, o.States); diff != "" {
		t.Error(diff)
	}
	o = look(api.OverviewQuery{State: "broken"}, "robot broken")
	if len(o.States) != 4 || len(o.Integrations[0].Tokens) != 1 || o.Integrations[0].Tokens[0].Cause == "" {
		t.Errorf("overview is %+v", o)
	}
	look(api.OverviewQuery{Search: "CARNET des"}, "desk fresh")
	if o := look(api.OverviewQuery{Skip: 1, Limit: 1}, "key static"); o.Total != 4 {
		t.Errorf("total is %d", o.Total)
	}
	s.set("robot", map[string]string{"clientAuth.client_secret": "client-secret-2"})
	look(api.OverviewQuery{Search: "robot"}, "robot empty")
	if err := s.DeleteIntegration(t.Context(), "robot"); err != nil {
		t.Fatal(err)
	}
	look(api.OverviewQuery{Model: "Carnet Shipping:1.0.0"}, "desk fresh", "key static", "new incomplete")
	if o := look(api.OverviewQuery{Model: "other"}, []string{}...); o.Total != 0 {
		t.Errorf("overview is %+v", o)
	}
}
