package store_test

import (
	"context"
	"errors"
	"testing"

	"authd/auth/internal/store"
)

func look(t testing.TB, q store.Querier, name string) error {
	t.Helper()
	_, err := store.One(context.Background(), q, scanSetting, `SELECT name, value, updated_at FROM setting WHERE name = $1`, name)
	return err
}

func TestAViewSeesOneStateOfTheFile(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	err := db.View(ctx, func(q store.Querier) error {
		if err := look(t, q, "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("before: %v", err)
		}
		// A Write from within is against the rule; here it stands for somebody else's.
		if err := db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, "a", "1") }); err != nil {
			t.Error(err)
		}
		if err := look(t, q, "a"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("it saw what was written after it began: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.View(ctx, func(q store.Querier) error { return look(t, q, "a") }); err != nil {
		t.Fatalf("the next view: %v", err)
	}
}

func TestAViewGivesItsConnectionBack(t *testing.T) {
	ctx, db := context.Background(), newDB(t)
	refused := errors.New("refused")
	var kept store.Querier
	ends := map[string]func(){
		"a refusal": func() {
			if err := db.View(ctx, func(store.Querier) error { return refused }); !errors.Is(err, refused) {
				t.Errorf("got %v", err)
			}
		},
		"a panic": func() {
			defer func() { _ = recover() }()
			_ = db.View(ctx, func(store.Querier) error { panic("broken") })
		},
		"a query that fails": func() {
			if err := db.View(ctx, func(q store.Querier) error {
				_, err := store.One(ctx, q, scanSetting, `SELECT nothing FROM setting`)
				return err
			}); err == nil {
				t.Error("it did not fail")
			}
		},
		"a querier that outlives it": func() {
			_ = db.View(ctx, func(q store.Querier) error { kept = q; return nil })
			if err := look(t, kept, "a"); err == nil || errors.Is(err, store.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			for range 20 { // more often than there are connections
				end()
			}
			// What it held would be an old state of the file.
			if err := db.Write(ctx, func(tx *store.Tx) error { return put(ctx, tx, name, "1") }); err != nil {
				t.Fatal(err)
			}
			if err := look(t, db, name); err != nil {
				t.Fatal(err)
			}
		})
	}
}
