"""The console: incidents as pages on which people look, judge and act.

    incidents · findings · commands · control.* ──► desk ──► pages        what is known, kept in memory
    forms ──► control.actions · control.verdicts · control.maintenance    who did what, and the audit trail at once

It keeps nothing itself: a start reads the topics from their beginning. What somebody does is one control record; the
worker takes it in and publishes the incident's next revision, which comes back here like any other. So a page never
shows what did not happen, and what stands in the audit trail is the very record that made it happen.
"""
