-- The schema as it was live when Alembic took over: `pg_dump --schema-only`, cleaned by baseline.py.
CREATE TABLE public.users (
    id uuid NOT NULL,
    email character varying(255) NOT NULL
);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

CREATE UNIQUE INDEX users_email ON public.users USING btree (email);
