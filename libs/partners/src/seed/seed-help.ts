/** The long text under the seed command's `--help`: the format, what is left alone, and an example. */

export const SEED_HELP = `
The file is one JSON object with any of three lists. Only what differs is sent, so the same file may be
applied again; what the file does not name is left alone, and nothing is ever deleted.

  partners      partnerId, name; cvr, vatNumber, gln, address { street, street2, postalCode, city, country },
                email, orderNumber, buyerReference, language (da or en), delivery (email, e_invoice or both).
                What is left out becomes "not known"; gln, orderNumber, buyerReference and delivery stay as they are.
  integrations  integrationId, name, kind (public or personal), partnerId, from (since when it is
                the owner); deactivated { from, reason }
  agreements    integrationId, organizationId; name, status (active or ended)

Exit code
  0 the system says what the file says   1 it was refused, or cannot be reached   2 wrong use, or a wrong file

Example
  seed.json:
    {
      "partners": [
        { "partnerId": "par_eksempel", "name": "Eksempel ApS", "cvr": "12345674",
          "address": { "street": "Eksempelvej 1", "postalCode": "8000", "city": "Aarhus C", "country": "DK" },
          "email": "faktura@eksempel.example" }
      ],
      "integrations": [
        { "integrationId": "isv_eksempel", "name": "Eksempel", "kind": "public",
          "partnerId": "par_eksempel", "from": "2026-01-01T00:00:00+01:00",
          "deactivated": { "from": "2026-08-17T10:00:00+02:00", "reason": "Aftale om pause" } }
      ],
      "agreements": [
        { "integrationId": "isv_eksempel", "organizationId": "148383", "name": "Blomsterhjørnet" }
      ]
    }

  taxameter seed seed.json --token "$TAXAMETER_TOKEN"
`;
