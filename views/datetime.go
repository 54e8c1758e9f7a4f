package views

import (
	"fmt"
	"time"
)

const day = 24 * time.Hour

// Ago says how long ago t was, in the coarsest unit that still helps; after a month, the date.
func (l *Locale) Ago(t, now time.Time) string {
	passed := now.Sub(t)
	switch {
	case passed < time.Minute:
		return l.T("time.just_now")
	case passed < time.Hour:
		return l.T("time.minutes_ago", "n", int(passed/time.Minute))
	case passed < day:
		return l.T("time.hours_ago", "n", int(passed/time.Hour))
	case passed < 30*day:
		return l.T("time.days_ago", "n", int(passed/day))
	default:
		return l.T("time.on", "date", l.Date(t))
	}
}

// Lasting says a span in words, rounded up so that whoever waits that long has waited enough.
func (l *Locale) Lasting(d time.Duration) string {
	switch {
	case d > 0 && d%day == 0:
		return l.T("time.days", "n", int(d/day))
	case d > 0 && d%time.Hour == 0:
		return l.T("time.hours", "n", int(d/time.Hour))
	case d > 0 && d%time.Minute == 0:
		return l.T("time.minutes", "n", int(d/time.Minute))
	case d <= 90*time.Second:
		return l.T("time.seconds", "n", max(1, ceil(d, time.Second)))
	case d <= 90*time.Minute:
		return l.T("time.minutes", "n", ceil(d, time.Minute))
	case d <= 36*time.Hour:
		return l.T("time.hours", "n", ceil(d, time.Hour))
	default:
		return l.T("time.days", "n", ceil(d, day))
	}
}

func ceil(d, unit time.Duration) int { return int((d + unit - 1) / unit) }

// Date is day, month and year, in UTC: without JavaScript the reader's time zone is unknown.
func (l *Locale) Date(t time.Time) string {
	t = t.UTC()
	return l.T("date.day", "day", t.Day(), "month", l.month(t.Month()), "year", t.Year())
}

// Moment is the date with the time of day, and says that it is UTC.
func (l *Locale) Moment(t time.Time) string {
	t = t.UTC()
	return l.T("date.moment", "date", l.Date(t), "time", fmt.Sprintf("%02d:%02d", t.Hour(), t.Minute()))
}

func (l *Locale) month(m time.Month) string {
	keys := [...]string{
		"month.january", "month.february", "month.march", "month.april", "month.may", "month.june",
		"month.july", "month.august", "month.september", "month.october", "month.november", "month.december",
	}
	return l.T(keys[m-1])
}
