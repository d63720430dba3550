-- One row per actor or resource as the sources write it: the catalogue entry that it is, where there is one.
-- Tried in order: the name as written; the role of an assumed role; the bucket of an object's ARN; the part
-- before the first slash; the part after the last slash or colon.
with written as (
    select actor as name from intake.evidence_events where actor is not null
    union
    select resource from intake.evidence_events where resource is not null
    union
    select credential_uid from intake.evidence_events where credential_uid is not null
),
forms as (
    select name, 1 as place, lower(name) as word from written
    union all
    select name, 2, lower(regexp_extract(name, ':assumed-role/([^/]+)/', 1)) from written
    union all
    select name, 3, lower(regexp_extract(name, ':::([^/]+)', 1)) from written
    union all
    select name, 4, lower(regexp_extract(name, '^([^/:]+)/', 1)) from written
    union all
    select name, 5, lower(regexp_extract(name, '([^/:]+)$', 1)) from written
)
select forms.name, arg_min(entity_keys.entity_ref, forms.place) as entity_ref
from forms
join entity_keys on entity_keys.role = 'cloud' and entity_keys.word = forms.word
group by forms.name
order by forms.name
